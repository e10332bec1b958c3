package io.helios.repl.server;

import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.StateDirectory;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * A server's data directory: its owner's alone (0700), one server's at a time (a lock that dies with the process), and
 * the home of the API's token. One thread.
 */
final class DataDirectory implements AutoCloseable {

  private final Path path;
  private final FileChannel channel;
  private final String token;
  private @Nullable Path published;

  private DataDirectory(Path path, FileChannel channel, String token) {
    this.path = path;
    this.channel = channel;
    this.token = token;
  }

  /** Creates it if need be, and takes its lock. Throws {@link OperatorException} when another server has it. */
  static DataDirectory open(Path path) {
    try {
      boolean isNew = !Files.isDirectory(path);
      Files.createDirectories(path);
      if (isNew) {
        permit(path, "rwx------");
      }
      FileChannel channel = lock(path);
      try {
        permit(path, "rwx------");
        return new DataDirectory(path, channel, token(path.resolve("token")));
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new OperatorException(
          new Problem(
              ErrorCode.DATA_DIRECTORY_UNUSABLE,
              "the data directory " + path + " cannot be used",
              e.getClass().getSimpleName() + ": " + e.getMessage(),
              "make room on its disk, make it writable for " + System.getProperty("user.name")
                  + ", or choose another with data-dir:"),
          e);
    }
  }

  Path path() {
    return path;
  }

  /** The API's bearer token: 32 random bytes in URL-safe Base64. */
  String token() {
    return token;
  }

  /** Leaves the token where this user's commands on this machine find it. */
  void publish(StateDirectory state, ListenAddress address) throws IOException {
    Path file = state.tokenFile(address.host(), address.port());
    Files.createDirectories(state.directory());
    permit(state.directory(), "rwx------");
    writePrivately(file, token);
    published = file;
  }

  private static FileChannel lock(Path directory) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock(Long.MAX_VALUE - 1, 1, false);
      if (lock != null) {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
        return channel;
      }
    } catch (OverlappingFileLockException e) {
      // Held within this very process: told in the same way.
    }
    ByteBuffer holder = ByteBuffer.allocate(32);
    channel.read(holder, 0);
    channel.close();
    String pid = new String(holder.array(), 0, holder.position(), StandardCharsets.US_ASCII).strip();
    throw new OperatorException(
        new Problem(
            ErrorCode.DATA_DIRECTORY_IN_USE,
            "the data directory "
                + directory
                + " is in use by another server"
                + (pid.isEmpty() ? "" : ", process " + pid),
            "a data directory belongs to one server at a time",
            pid.isEmpty()
                ? "stop that server, or choose another data-dir:"
                : "kill " + pid + ", or choose another data-dir:"));
  }

  private static String token(Path file) throws IOException {
    if (Files.exists(file)) {
      String token = Files.readString(file, StandardCharsets.US_ASCII).strip();
      if (token.matches("[A-Za-z0-9_-]{43,}")) {
        permit(file, "rw-------");
        return token;
      }
    }
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    String token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    writePrivately(file, token);
    return token;
  }

  /** Nobody else can read it at any moment, and a reader sees the whole of it or the file before. */
  private static void writePrivately(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.deleteIfExists(next);
    if (isPosix(file)) {
      Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(next, text + "\n", StandardCharsets.US_ASCII);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void permit(Path file, String permissions) throws IOException {
    if (isPosix(file)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }
  }

  private static boolean isPosix(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /** Takes the published token back, if it is still this server's, and lets the lock go. */
  @Override
  public void close() {
    try (channel) {
      Path file = published;
      if (file != null
          && Files.exists(file)
          && Files.readString(file, StandardCharsets.US_ASCII).strip().equals(token)) {
        Files.delete(file);
      }
    } catch (IOException e) {
      // Nothing depends on it: a token that stays behind opens nothing else than this server.
    }
  }
}
