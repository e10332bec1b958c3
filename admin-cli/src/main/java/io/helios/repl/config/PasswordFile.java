package io.helios.repl.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Passwords from files: one that holds nothing else, or one of libpq's format (PostgreSQL's manual, "The Password File":
 * {@code host:port:database:user:password}, {@code *} matches anything, a backslash escapes).
 */
final class PasswordFile {

  private PasswordFile() {}

  /** The file's one line. */
  static String read(Path file) throws IOException {
    String text = Files.readString(file, StandardCharsets.UTF_8);
    int end = text.indexOf('\n');
    return (end < 0 ? text : text.substring(0, end)).replaceAll("\\r$", "");
  }

  /** Where libpq would look: {@code PGPASSFILE}, else {@code ~/.pgpass}. */
  static Path standard(Map<String, String> environment) {
    String named = environment.get("PGPASSFILE");
    return named != null && !named.isEmpty() ? Path.of(named) : Path.of(System.getProperty("user.home"), ".pgpass");
  }

  /** The first entry that fits. Like libpq, a file that others can read is passed over, and so is one that is missing. */
  static Optional<String> lookup(Path file, String host, int port, String database, String user) {
    if (!Files.isReadable(file) || othersCanRead(file)) {
      return Optional.empty();
    }
    List<String> wanted = List.of(host, Integer.toString(port), database, user);
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        List<String> fields = line.startsWith("#") ? List.of() : split(line);
        if (fields.size() == 5 && fits(fields, wanted)) {
          return Optional.of(fields.get(4));
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }

  static boolean othersCanRead(Path file) {
    try {
      return Files.getPosixFilePermissions(file).stream()
          .anyMatch(p -> p == PosixFilePermission.GROUP_READ || p == PosixFilePermission.OTHERS_READ);
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  private static boolean fits(List<String> fields, List<String> wanted) {
    for (int i = 0; i < wanted.size(); i++) {
      if (!fields.get(i).equals("*") && !fields.get(i).equals(wanted.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static List<String> split(String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '\\' && i + 1 < line.length()) {
        field.append(line.charAt(++i));
      } else if (c == ':' && fields.size() < 4) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    fields.add(field.toString());
    return fields;
  }
}
