package io.helios.repl.pipeline;

import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.seal.PrivateFiles;
import io.helios.repl.tenant.Tenant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which tenants were promoted at their targets, so that after a restart too nothing of their old sources is applied. Durable, a
 * file a tenant. Written after the target's row, which alone decides: where a crash falls between the two, that row refuses
 * whoever applies, and the promotion that is asked for again finds it.
 *
 * <p>Any thread.
 */
final class Promotions {

  /**
   * @param home the source that died
   * @param next the target that was promoted
   * @param epoch that it took
   * @param position where what is there ends in the WAL of the home
   * @param commitMicros when that was committed there, microseconds since 2000-01-01 UTC; 0 when it is not known
   */
  record Promoted(UUID tenant, String home, String next, long epoch, Lsn position, long commitMicros) {

    /** Whether it is this tenant, as it was before: who has turned since, or has moved again, is another matter. */
    boolean isOf(Tenant before) {
      return before.id().equals(tenant) && before.source().equals(home) && before.target().equals(next)
          && before.epoch() < epoch;
    }
  }

  private final Path directory;
  private final Map<UUID, Promoted> promoted = new ConcurrentHashMap<>();

  /** @throws TransientException when the disk refuses */
  Promotions(Path dataDirectory) {
    this.directory = dataDirectory.resolve("promotions");
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(f -> !f.getFileName().toString().contains(".")).toList()) {
        Promoted one = parse(file);
        promoted.put(one.tenant(), one);
      }
    } catch (IOException e) {
      throw refused(directory, e);
    }
  }

  /** Whether the tenant, as it is declared, was promoted at its target. */
  boolean has(Tenant tenant) {
    return of(tenant) != null;
  }

  @Nullable Promoted of(Tenant tenant) {
    Promoted known = promoted.get(tenant.id());
    return known != null && known.isOf(tenant) ? known : null;
  }

  /** Durably. */
  void keep(Promoted one) {
    String text =
        String.join("\n", one.home(), one.next(), String.valueOf(one.epoch()), one.position().toString(),
            String.valueOf(one.commitMicros())) + "\n";
    Path file = directory.resolve(one.tenant().toString());
    try {
      PrivateFiles.createDirectory(directory);
      PrivateFiles.replace(file, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw refused(file, e);
    }
    promoted.put(one.tenant(), one);
  }

  void forget(UUID tenant) {
    if (promoted.containsKey(tenant)) {
      Path file = directory.resolve(tenant.toString());
      try {
        PrivateFiles.delete(file);
      } catch (IOException e) {
        throw refused(file, e);
      }
      promoted.remove(tenant);
    }
  }

  private static Promoted parse(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    try {
      return new Promoted(
          UUID.fromString(file.getFileName().toString()),
          lines.get(0),
          lines.get(1),
          Long.parseLong(lines.get(2)),
          Lsn.parse(lines.get(3)),
          Long.parseLong(lines.get(4)));
    } catch (IllegalArgumentException | IndexOutOfBoundsException damaged) {
      throw new IOException("it does not say what it should", damaged);
    }
  }

  private static TransientException refused(Path file, IOException e) {
    return new TransientException(
        new Problem(
            ErrorCode.DATA_DIRECTORY_UNUSABLE,
            "the file " + file + " cannot be read or written",
            DiskTrouble.of(e),
            "look at its rights and its disk: ls -l " + file + "; df " + file.getParent()),
        e);
  }
}
