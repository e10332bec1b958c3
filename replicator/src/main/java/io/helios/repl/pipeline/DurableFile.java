package io.helios.repl.pipeline;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Small files that are there as a whole or not at all, whenever the machine stops. */
final class DurableFile {

  private DurableFile() {}

  /** When it returns, the content is on the disk; before that, the file is as it was. Makes its directory. */
  static void replace(Path file, byte[] content) throws IOException {
    Files.createDirectories(directory(file));
    Path beside = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel open =
        FileChannel.open(
            beside, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
      ByteBuffer left = ByteBuffer.wrap(content);
      while (left.hasRemaining()) {
        open.write(left);
      }
      open.force(true);
    }
    Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    force(directory(file));
  }

  static void delete(Path file) throws IOException {
    if (Files.deleteIfExists(file)) {
      force(directory(file));
    }
  }

  private static Path directory(Path file) {
    Path parent = file.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("a file of no directory");
    }
    return parent;
  }

  private static void force(Path directory) throws IOException {
    try (FileChannel open = FileChannel.open(directory, StandardOpenOption.READ)) {
      open.force(true);
    } catch (AccessDeniedException notPosix) {
      // Windows opens no directories; its file system journals names by itself
    }
  }
}
