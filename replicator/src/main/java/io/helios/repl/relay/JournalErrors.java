package io.helios.repl.relay;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.util.UUID;

/** The journal's errors, worded in one place. */
final class JournalErrors {

  private JournalErrors() {}

  static CorruptionException corrupt(String segment, long offset, String what) {
    return new CorruptionException(
        new Problem(
            ErrorCode.JOURNAL_CORRUPT,
            "segment " + segment + " of the relay journal is damaged at offset " + offset + ": " + what,
            "the disk, or something that writes to the data directory, changed what was durable",
            "put the segment's good copy back, then: helios-repl tenant start NAME; without one: helios-repl tenant resync"
                + " NAME"));
  }

  static OperatorException otherVersion(String segment, int version) {
    return new OperatorException(
        new Problem(
            ErrorCode.JOURNAL_VERSION,
            "segment " + segment + " of the relay journal has format version " + version,
            "another version of helios-repl wrote it",
            "run the version that wrote it, or let it drain the journal first"));
  }

  static TransientException writeFailed(IOException cause) {
    return new TransientException(
        new Problem(
            ErrorCode.JOURNAL_WRITE_FAILED,
            "the relay journal cannot be written",
            DiskTrouble.of(cause),
            "make room on the disk of data-dir, or lower relay.max-bytes"),
        cause);
  }

  static TransientException resealed() {
    return new TransientException(
        new Problem(
            ErrorCode.JOURNAL_WRITE_FAILED,
            "a frame was sealed for a segment that can no longer be written",
            "a write to it failed meanwhile",
            "nothing: it is sealed again"));
  }

  static TransientException syncFailed(IOException cause) {
    return new TransientException(
        new Problem(
            ErrorCode.JOURNAL_SYNC_FAILED,
            "the relay journal could not be made durable",
            DiskTrouble.of(cause),
            "check the disk of data-dir"),
        cause);
  }

  static TransientException notRewound() {
    return new TransientException(
        new Problem(
            ErrorCode.JOURNAL_SYNC_FAILED,
            "the relay journal awaits that capture starts again",
            "the disk did not confirm what was written last, so it is given up",
            "check the disk of data-dir"));
  }

  static TransientException readFailed(String segment, IOException cause) {
    return new TransientException(
        new Problem(
            ErrorCode.JOURNAL_READ_FAILED,
            "segment " + segment + " of the relay journal cannot be read",
            DiskTrouble.of(cause),
            "check the disk of data-dir"),
        cause);
  }

  static OperatorException gap(UUID tenant, String why) {
    return new OperatorException(
        new Problem(
            ErrorCode.JOURNAL_GAP,
            "the relay journal does not hold what tenant " + tenant + "'s target lacks",
            why,
            "helios-repl tenant resync"));
  }

  static OperatorException overflowed(UUID tenant) {
    return new OperatorException(
        new Problem(
            ErrorCode.JOURNAL_OVERFLOW,
            "tenant " + tenant + " has outgrown its share of the relay journal",
            "its target did not take its changes for too long",
            "mend the target, then: helios-repl tenant resync"));
  }
}
