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
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which tenants are captured at their targets too, for the day on which they are written there: durable, since from the
 * first transaction after a restart on their changes must be found again. A file a tenant.
 *
 * <p>Any thread.
 */
final class BackRoutes {

  /**
   * @param home where the tenant is written, the source's name
   * @param next its target's name, which is captured too
   * @param epoch that its changes there will be of; 0 before a cutover is tried
   * @param token of the marker from which on they count
   * @param open whether they count already: the cutover has happened
   */
  record BackRoute(UUID tenant, String home, String next, long epoch, UUID token, boolean open) {

    /** For a cutover that is about to be tried. */
    BackRoute awaiting(long cutover, UUID marker) {
      return new BackRoute(tenant, home, next, cutover, marker, false);
    }

    BackRoute opened() {
      return new BackRoute(tenant, home, next, epoch, token, true);
    }
  }

  private final Path directory;
  private final Map<UUID, BackRoute> routes = new ConcurrentHashMap<>();

  /** @throws TransientException when the disk refuses */
  BackRoutes(Path dataDirectory) {
    this.directory = dataDirectory.resolve("moves");
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(f -> !f.getFileName().toString().contains(".")).toList()) {
        BackRoute route = parse(file);
        routes.put(route.tenant(), route);
      }
    } catch (IOException e) {
      throw refused(directory, e);
    }
  }

  @Nullable BackRoute of(UUID tenant) {
    return routes.get(tenant);
  }

  List<BackRoute> all() {
    return List.copyOf(routes.values());
  }

  /** Durably. */
  void keep(BackRoute route) {
    String text =
        String.join("\n", route.home(), route.next(), String.valueOf(route.epoch()), route.token().toString(),
            String.valueOf(route.open())) + "\n";
    Path file = directory.resolve(route.tenant().toString());
    try {
      PrivateFiles.createDirectory(directory);
      PrivateFiles.replace(file, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw refused(file, e);
    }
    routes.put(route.tenant(), route);
  }

  void forget(UUID tenant) {
    if (routes.containsKey(tenant)) {
      Path file = directory.resolve(tenant.toString());
      try {
        PrivateFiles.delete(file);
      } catch (IOException e) {
        throw refused(file, e);
      }
      routes.remove(tenant);
    }
  }

  private static BackRoute parse(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    try {
      return new BackRoute(
          UUID.fromString(file.getFileName().toString()),
          lines.get(0),
          lines.get(1),
          Long.parseLong(lines.get(2)),
          UUID.fromString(lines.get(3)),
          Boolean.parseBoolean(lines.get(4)));
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
