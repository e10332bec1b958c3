package io.helios.repl.relay;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Segments as files {@code 000000000000002a.segment} of one directory, which is made if it is absent and locked
 * against other processes while this is open. Creating and deleting are made durable by forcing the directory.
 * Thread-safe.
 */
public final class DirectorySegmentFiles implements SegmentFiles {

  private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})\\.segment");

  private final Path directory;
  private final FileChannel lockFile;
  private final FileLock lock;

  /**
   * @throws OperatorException when the directory is in use
   * @throws IOException when it cannot be made or read
   */
  public DirectorySegmentFiles(Path directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory);
    this.lockFile =
        FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock held = tryLock(lockFile);
    if (held == null) {
      lockFile.close();
      throw new OperatorException(
          new Problem(
              ErrorCode.JOURNAL_IN_USE,
              "the relay journal " + directory.getFileName() + " is in use",
              "another process has it open",
              "stop the other server, or give this one a data-dir of its own"));
    }
    this.lock = held;
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException inThisProcess) {
      return null;
    }
  }

  @Override
  public List<Long> list() throws IOException {
    List<Long> ids = new ArrayList<>();
    try (Stream<Path> entries = Files.list(directory)) {
      entries.forEach(
          entry -> {
            Matcher name = NAME.matcher(String.valueOf(entry.getFileName()));
            if (name.matches()) {
              ids.add(Long.parseLong(name.group(1), 16));
            }
          });
    }
    Collections.sort(ids);
    return ids;
  }

  @Override
  public SegmentFile create(long segment) throws IOException {
    SegmentFile file = new ChannelSegmentFile(path(segment), true);
    try {
      forceDirectory();
      return file;
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public SegmentFile open(long segment) throws IOException {
    return new ChannelSegmentFile(path(segment), false);
  }

  @Override
  public void delete(long segment) throws IOException {
    if (Files.deleteIfExists(path(segment))) {
      forceDirectory();
    }
  }

  @Override
  public String name(long segment) {
    return String.format(Locale.ROOT, "%016x.segment", segment);
  }

  @Override
  public void close() throws IOException {
    try (lockFile) {
      if (lock.isValid()) {
        lock.release();
      }
    }
  }

  private Path path(long segment) {
    return directory.resolve(name(segment));
  }

  private void forceDirectory() throws IOException {
    Interrupts.shield(
        () -> {
          try (FileChannel open = FileChannel.open(directory, StandardOpenOption.READ)) {
            open.force(true);
          } catch (AccessDeniedException notPosix) {
            return false; // Windows opens no directories; its file system journals names by itself
          }
          return true;
        });
  }
}
