package io.helios.repl.pipeline;

import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.seal.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Which tenants cannot be written in which database without a lease, and how long leases are: durable, since both must be
 * known when that database cannot be asked. A tenant is entered when nobody writes there any more who does not ask for the lease,
 * and taken out before anybody may. One file, {@code leases}. Any thread.
 */
final class LeaseLedger {

  private final Path file;
  private Duration longest;
  private Map<UUID, Set<String>> bindings = new HashMap<>();

  /** @throws TransientException when the disk refuses */
  LeaseLedger(Path dataDirectory) {
    this.file = dataDirectory.resolve("leases");
    this.longest = Duration.ZERO;
    try {
      if (Files.exists(file)) {
        List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        longest = Duration.ofMillis(Long.parseLong(lines.getFirst()));
        for (String line : lines.subList(1, lines.size())) {
          int space = line.indexOf(' ');
          bindings
              .computeIfAbsent(UUID.fromString(line.substring(0, space)), tenant -> new TreeSet<>())
              .add(line.substring(space + 1));
        }
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException damaged) {
      throw refused(new IOException("it does not say what it should", damaged));
    } catch (IOException e) {
      throw refused(e);
    }
  }

  /** The longest lease that may have been given since it was asked last; from now on none is longer than this. */
  synchronized Duration lengthen(Duration ttl) {
    Duration before = longest;
    longest = ttl;
    if (!bindings.isEmpty()) {
      write(bindings); // else with the first one that is entered
    }
    return before.compareTo(ttl) > 0 ? before : ttl;
  }

  synchronized boolean isBound(UUID tenant, String database) {
    return bindings.getOrDefault(tenant, Set.of()).contains(database);
  }

  /** Databases in which it asks for a lease. */
  synchronized Set<String> databases(UUID tenant) {
    return Set.copyOf(bindings.getOrDefault(tenant, Set.of()));
  }

  synchronized void enter(UUID tenant, String database) {
    if (!isBound(tenant, database)) {
      change(tenant, databases -> databases.add(database));
    }
  }

  synchronized void strike(UUID tenant, String database) {
    if (isBound(tenant, database)) {
      change(tenant, databases -> databases.remove(database));
    }
  }

  /** On the disk first. */
  private void change(UUID tenant, Consumer<Set<String>> how) {
    Set<String> databases = new TreeSet<>(bindings.getOrDefault(tenant, Set.of()));
    how.accept(databases);
    Map<UUID, Set<String>> changed = new HashMap<>(bindings);
    if (databases.isEmpty()) {
      changed.remove(tenant);
    } else {
      changed.put(tenant, databases);
    }
    write(changed);
    bindings = changed;
  }

  private void write(Map<UUID, Set<String>> all) {
    List<String> lines = new ArrayList<>();
    lines.add(String.valueOf(longest.toMillis()));
    all.forEach((tenant, databases) -> databases.forEach(database -> lines.add(tenant + " " + database)));
    try {
      PrivateFiles.replace(file, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw refused(e);
    }
  }

  private TransientException refused(IOException e) {
    return new TransientException(
        new Problem(
            ErrorCode.DATA_DIRECTORY_UNUSABLE,
            "the file " + file + " cannot be read or written",
            DiskTrouble.of(e),
            "look at its rights and its disk: ls -l " + file + "; df " + file.getParent()),
        e);
  }
}
