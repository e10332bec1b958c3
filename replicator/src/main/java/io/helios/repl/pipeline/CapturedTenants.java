package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.seal.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Which tenants of a source have at their targets what goes on from polls. The others go on from the WAL: that is what a file
 * that is not there says. A tenant of the one kind whose source is captured in the other way now cannot go on where it was:
 * a poll's position says nothing of transactions that were committing just then, and polls have not seen what was deleted.
 * It begins anew, by comparing both sides, once; whatever cuts that off, it is known here that it is still to be done.
 *
 * <p>Durable. Any thread.
 */
final class CapturedTenants {

  private final Path directory;
  private final Path file;
  private final boolean polling;
  private final Set<UUID> polled;

  private CapturedTenants(Path directory, String source, boolean polling, Set<UUID> polled) {
    this.directory = directory;
    this.file = directory.resolve(source);
    this.polling = polling;
    this.polled = polled;
  }

  static Path directory(Path dataDirectory) {
    return dataDirectory.resolve("polled");
  }

  /**
   * @param capture how the source is captured now
   * @throws TransientException when the disk refuses
   */
  static CapturedTenants open(Path dataDirectory, String source, CaptureMode capture) {
    Path directory = directory(dataDirectory);
    Path file = directory.resolve(source);
    try {
      Set<UUID> polled =
          Files.exists(file)
              ? Files.readAllLines(file, StandardCharsets.US_ASCII).stream()
                  .map(UUID::fromString)
                  .collect(Collectors.toCollection(HashSet::new))
              : new HashSet<>();
      return new CapturedTenants(directory, source, capture instanceof CaptureMode.Checkpoint, polled);
    } catch (IOException e) {
      throw refused(file, e);
    } catch (IllegalArgumentException damaged) {
      throw refused(file, new IOException("a line of it is no tenant's identifier", damaged));
    }
  }

  /** Whether what a tenant that has begun has at its target goes on from another kind of capture than the source's. */
  synchronized boolean isOtherwise(UUID tenant) {
    return polled.contains(tenant) != polling;
  }

  /** From now on the tenant goes on from the source's capture: it is routed, and its target says what is to be copied yet. */
  synchronized void begins(UUID tenant) {
    if (isOtherwise(tenant)) {
      Set<UUID> next = new HashSet<>(polled);
      if (polling) {
        next.add(tenant);
      } else {
        next.remove(tenant);
      }
      write(next);
    }
  }

  /** It is gone. */
  synchronized void forget(UUID tenant) {
    if (polled.contains(tenant)) {
      Set<UUID> next = new HashSet<>(polled);
      next.remove(tenant);
      write(next);
    }
  }

  private void write(Set<UUID> next) {
    String lines = next.stream().map(tenant -> tenant + "\n").sorted().collect(Collectors.joining());
    try {
      PrivateFiles.createDirectory(directory);
      PrivateFiles.replace(file, lines.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw refused(file, e);
    }
    polled.clear();
    polled.addAll(next);
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
