package io.helios.repl.seal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Files of secrets, and of values of rows: mode 0600 from the moment they exist, whole or absent after a crash. Where the file
 * system has no POSIX rights, the directory's own must do. Any thread.
 */
public final class PrivateFiles {

  private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
  private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  /** What the name of a file ends with while it is written. */
  private static final String UNFINISHED = ".new";

  private PrivateFiles() {}

  /** A directory of mode 0700, made with its parents if absent. */
  public static void createDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    try {
      Files.createDirectory(directory, POSIX ? rights("rwx------") : new FileAttribute<?>[0]);
    } catch (FileAlreadyExistsException another) {
      return;
    }
    if (parent != null) {
      forceDirectory(parent);
    }
  }

  /** Replaces the file, or makes it: readers see the old or the new, also after a crash. */
  public static void replace(Path file, byte[] content) throws IOException {
    Path written = writeBeside(file, content);
    try {
      move(written, file);
    } finally {
      Files.deleteIfExists(written);
    }
  }

  /** Removes the file, if it is there; it stays gone after a crash. */
  public static void delete(Path file) throws IOException {
    if (Files.deleteIfExists(file)) {
      forceDirectory(parent(file));
    }
  }

  /** Moves a file over another of the same directory: whoever looks finds the one or the other, also after a crash. */
  static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    forceDirectory(parent(to));
  }

  /** Whether a file of this name is what a process left behind that died while it wrote a file named so, or beginning so. */
  static boolean isLeftover(String fileName, String of) {
    return fileName.startsWith(of) && fileName.endsWith(UNFINISHED);
  }

  /** Removes what processes left behind that died while they made the file. */
  public static void removeLeftovers(Path file) throws IOException {
    try (Stream<Path> beside = Files.list(parent(file))) {
      for (Path other : beside.toList()) {
        if (isLeftover(String.valueOf(other.getFileName()), file.getFileName() + ".")) {
          Files.deleteIfExists(other);
        }
      }
    }
  }

  /**
   * Makes the file unless there is one, also when another process does the same at this moment.
   *
   * @return whether it was made
   */
  public static boolean createIfAbsent(Path file, byte[] content) throws IOException {
    Path written = writeBeside(file, content);
    try {
      Files.createLink(file, written);
    } catch (FileAlreadyExistsException another) {
      return false;
    } catch (NoSuchFileException tidied) {
      if (!Files.exists(file)) {
        throw tidied;
      }
      return false; // another process has made it, and removed what it took for a leftover
    } catch (UnsupportedOperationException noLinks) {
      Files.move(written, file);
    } finally {
      Files.deleteIfExists(written);
    }
    forceDirectory(parent(file));
    return true;
  }

  /** Removes the file for good; its blocks are overwritten first, which helps on the disks where that helps. */
  static void shred(Path file) throws IOException {
    if (Files.exists(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.allocate((int) Math.min(channel.size(), 1 << 20)), 0);
        channel.force(true);
      }
      Files.deleteIfExists(file);
      forceDirectory(parent(file));
    }
  }

  /** Whether nobody but its owner has any right to it. */
  static boolean isPrivate(Path file) throws IOException {
    if (Files.getFileAttributeView(file, PosixFileAttributeView.class) == null) {
      return true;
    }
    Set<PosixFilePermission> others = EnumSet.allOf(PosixFilePermission.class);
    others.removeAll(PosixFilePermissions.fromString("rwx------"));
    others.retainAll(Files.getPosixFilePermissions(file));
    return others.isEmpty();
  }

  private static Path writeBeside(Path file, byte[] content) throws IOException {
    Path written = parent(file).resolve(file.getFileName() + "." + UUID.randomUUID() + UNFINISHED);
    Set<StandardOpenOption> options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(written, options, POSIX ? rights("rw-------") : new FileAttribute<?>[0])) {
      if (POSIX) {
        Files.setPosixFilePermissions(written, OWNER_ONLY); // whatever the umask
      }
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    } catch (IOException e) {
      Files.deleteIfExists(written); // a full disk: nothing of it may stay
      throw e;
    }
    return written;
  }

  private static FileAttribute<?>[] rights(String mode) {
    return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))};
  }

  private static Path parent(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IOException("not a file: the root");
    }
    return parent;
  }

  private static void forceDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (AccessDeniedException notPosix) {
      // Windows opens no directories; its file system journals names by itself
    }
  }
}
