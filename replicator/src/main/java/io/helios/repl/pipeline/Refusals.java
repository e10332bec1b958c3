package io.helios.repl.pipeline;

import io.helios.repl.error.ErrorCode;
import org.jspecify.annotations.Nullable;

/** What stands in the events when something that was stored or sent is not what was written: a kind of its own for each. */
final class Refusals {

  private Refusals() {}

  /** The stable word for the event, or null where nothing was refused. */
  static @Nullable String kind(ErrorCode code) {
    return switch (code) {
      case FRAME_MALFORMED -> "frame-refused-header";
      case FRAME_LENGTH_MISMATCH -> "frame-refused-length";
      case FRAME_KEY_UNKNOWN -> "frame-refused-key";
      case FRAME_NOT_AUTHENTIC -> "frame-refused-authentication";
      case FRAME_NOT_DECOMPRESSED, CHANGES_MALFORMED -> "frame-refused-content";
      case FRAME_SEQUENCE -> "frame-refused-sequence";
      case FRAME_OTHER_TENANT -> "frame-refused-tenant";
      case FRAME_OTHER_EPOCH -> "frame-refused-epoch";
      case FRAME_FOREIGN -> "frame-refused-source";
      case JOURNAL_CORRUPT -> "frame-refused-damaged";
      default -> null;
    };
  }
}
