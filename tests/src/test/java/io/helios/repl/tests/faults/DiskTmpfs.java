package io.helios.repl.tests.faults;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/** A small disk that can be filled to the last byte and emptied again. Only root can have one. */
public final class DiskTmpfs implements AutoCloseable {

  private final Path path;
  private final Path filler;

  private DiskTmpfs(Path path) {
    this.path = path;
    this.filler = path.resolve("filler");
  }

  /** Mounted on a directory that is made; the test is skipped where that is not allowed. */
  public static DiskTmpfs mount(Path path, int megabytes) throws Exception {
    Files.createDirectories(path);
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", path.toString()) == 0,
        "no tmpfs can be mounted here: run as root to test what a full disk does");
    return new DiskTmpfs(path);
  }

  public Path path() {
    return path;
  }

  /** Takes room until so much is left. */
  public void fillUpTo(int megabytesLeft) throws IOException {
    byte[] block = new byte[1 << 20];
    while (path.toFile().getUsableSpace() >> 20 > megabytesLeft) {
      Files.write(filler, block, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  /** Takes all the room that there is. */
  void fill() throws IOException {
    ByteBuffer block = ByteBuffer.allocate(4096);
    try (FileChannel file = FileChannel.open(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        file.write(block.clear());
      }
    } catch (IOException full) {
      if (path.toFile().getUsableSpace() > 0) {
        throw full;
      }
    }
  }

  public void makeRoom() throws IOException {
    Files.delete(filler);
  }

  @Override
  public void close() throws Exception {
    run("umount", "--lazy", path.toString());
  }

  private static int run(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor(30, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (IOException noSuchCommand) {
      return -1;
    }
  }
}
