package io.helios.repl.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libpq's password file: lines of {@code host:port:database:user:password}, {@code *} for any, backslash before a colon
 * or a backslash (PostgreSQL documentation: libpq, The Password File). As in libpq a file that others may read is not used.
 */
final class PasswordFile {

  private static final Logger LOG = LoggerFactory.getLogger(PasswordFile.class);

  private final List<String> lines;

  private PasswordFile(List<String> lines) {
    this.lines = lines;
  }

  /** {@code PGPASSFILE}, else {@code ~/.pgpass}; empty when there is none that may be used. */
  static Optional<PasswordFile> of(Map<String, String> environment) {
    String named = environment.get("PGPASSFILE");
    String home = environment.get("HOME");
    if (named == null && home == null) {
      return Optional.empty();
    }
    Path path = named != null ? Path.of(named) : Path.of(String.valueOf(home), ".pgpass");
    if (!Files.isRegularFile(path)) {
      return Optional.empty();
    }
    try {
      if (readableByOthers(path)) {
        LOG.warn("password file {} is not used: others may read it; run: chmod 600 {}", path, path);
        return Optional.empty();
      }
      return Optional.of(new PasswordFile(Files.readAllLines(path)));
    } catch (IOException e) {
      LOG.warn("password file {} cannot be read: {}", path, e.getClass().getSimpleName());
      return Optional.empty();
    }
  }

  Optional<String> find(String host, int port, String database, String user) {
    for (String line : lines) {
      List<String> fields = line.startsWith("#") ? List.of() : fields(line);
      if (fields.size() == 5
          && fits(fields.get(0), host)
          && fits(fields.get(1), String.valueOf(port))
          && fits(fields.get(2), database)
          && fits(fields.get(3), user)) {
        return Optional.of(fields.get(4));
      }
    }
    return Optional.empty();
  }

  private static boolean fits(String pattern, String value) {
    return pattern.equals("*") || pattern.equals(value);
  }

  private static List<String> fields(String line) {
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

  private static boolean readableByOthers(Path path) throws IOException {
    if (!path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return false;
    }
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
    return permissions.contains(PosixFilePermission.GROUP_READ) || permissions.contains(PosixFilePermission.OTHERS_READ);
  }
}
