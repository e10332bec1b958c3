package io.helios.repl.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Named sets of connection parameters (PostgreSQL's manual, "The Connection Service File"). */
public final class ServiceFile {

  private ServiceFile() {}

  /** {@code PGSERVICEFILE}, else {@code ~/.pg_service.conf}. */
  public static Path standard(Map<String, String> environment) {
    String named = environment.get("PGSERVICEFILE");
    return named != null && !named.isEmpty()
        ? Path.of(named)
        : Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")), ".pg_service.conf");
  }

  /** The parameters of a service; empty when the file does not have it. */
  public static Optional<Map<String, String>> lookup(Path file, String service) throws IOException {
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    Map<String, String> parameters = new LinkedHashMap<>();
    boolean found = false;
    boolean inside = false;
    for (String raw : lines) {
      String line = raw.strip();
      if (line.startsWith("[") && line.endsWith("]")) {
        inside = line.substring(1, line.length() - 1).equals(service);
        found |= inside;
      } else if (inside && !line.isEmpty() && !line.startsWith("#")) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          parameters.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
        }
      }
    }
    return found ? Optional.of(parameters) : Optional.empty();
  }
}
