package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.relay.SegmentFiles;
import io.helios.repl.seal.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a source's journal in the data directory. One that was written by another kind of capture is emptied: what its
 * tenants lack is found by comparing both sides ({@link CapturedTenants}). One that is damaged is set aside, and a new one
 * takes its place: as if its disk had been lost, who kept up goes on from the WAL, and who did not needs a resync. So damage
 * stops nobody who has lost nothing. The last journal that was set aside is kept, one for each source.
 */
final class JournalDirectory {

  private static final Logger LOG = LoggerFactory.getLogger(JournalDirectory.class);

  /** Stands beside a journal that is written from polls. */
  private static final String POLLED = "polled";

  private JournalDirectory() {}

  /** @param damage why the journal is a new one, or null */
  record Opened(RelayJournal journal, @Nullable Problem damage) {}

  /** Where everything is that this server keeps of a source's capture. */
  static Path of(Path dataDirectory, String source) {
    // Another region's target that a tenant has moved to is called region/name; no name that is configured holds an @.
    return dataDirectory.resolve("journal").resolve(source.replace('/', '@'));
  }

  /** Forgets all that was captured, and that anybody goes on from polls ({@link CapturedTenants}); nothing of it may be open. */
  static void forgetAll(Path dataDirectory) throws IOException {
    for (Path all : List.of(dataDirectory.resolve("journal"), CapturedTenants.directory(dataDirectory))) {
      if (Files.isDirectory(all)) {
        try (Stream<Path> files = Files.walk(all)) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
    }
  }

  /**
   * @throws io.helios.repl.error.HeliosException when it is in use, cannot be read, or is another version's
   */
  static Opened open(
      Surroundings surroundings, Path dataDirectory, String source, CaptureMode capture, RelayLimits limits) {
    Path directory = of(dataDirectory, source);
    try {
      SegmentFiles files = surroundings.segmentFiles(directory);
      emptyUnlessFrom(capture, files, directory);
      return new Opened(RelayJournal.open(files, limits), null);
    } catch (CorruptionException e) {
      Path aside = dataDirectory.resolve("journal-damaged").resolve(source);
      LOG.error("source {}: {}", source, e.problem().message(), e);
      try {
        delete(aside);
        Files.createDirectories(aside.getParent());
        Files.move(directory, aside);
        Problem damage =
            new Problem(
                ErrorCode.JOURNAL_SET_ASIDE,
                "the relay journal of source \"" + source + "\" was damaged and has been set aside",
                e.problem().message() + "; its files are in " + aside,
                "helios-repl tenant resync NAME, for each tenant that says so; check the disk of data-dir");
        SegmentFiles files = surroundings.segmentFiles(directory);
        emptyUnlessFrom(capture, files, directory);
        return new Opened(RelayJournal.open(files, limits), damage);
      } catch (IOException refused) {
        throw unusable(aside, refused);
      }
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  /** The mark is made when nothing else is there any more, and removed when nothing else is: cut off, it is done again. */
  private static void emptyUnlessFrom(CaptureMode capture, SegmentFiles files, Path directory) throws IOException {
    Path mark = directory.resolve(POLLED);
    boolean polled = capture instanceof CaptureMode.Checkpoint;
    if (Files.exists(mark) == polled) {
      return;
    }
    List<Long> segments = files.list();
    for (long segment : segments) {
      files.delete(segment);
    }
    if (!segments.isEmpty()) {
      LOG.info("the journal of source {} begins anew: the source is captured in another way now", directory.getFileName());
    }
    if (polled) {
      PrivateFiles.replace(mark, new byte[0]);
    } else {
      try (Stream<Path> entries = Files.list(directory)) {
        for (Path state : entries.filter(entry -> isState(entry, mark)).toList()) {
          Files.delete(state);
        }
      }
      PrivateFiles.delete(mark);
    }
  }

  /** What a capture keeps beside its journal. */
  private static boolean isState(Path entry, Path mark) {
    String name = String.valueOf(entry.getFileName());
    return !entry.equals(mark) && !name.equals("lock") && Files.isRegularFile(entry);
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> files = Files.walk(directory)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.delete(file);
    }
  }

  private static TransientException unusable(Path directory, IOException e) {
    return new TransientException(
        new Problem(
            ErrorCode.JOURNAL_READ_FAILED,
            "the journal's directory " + directory + " cannot be opened",
            DiskTrouble.of(e),
            "look at its rights and its disk: ls -ld " + directory + "; df " + directory),
        e);
  }
}
