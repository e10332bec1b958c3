package io.helios.repl.error;

import java.io.IOException;
import java.nio.file.FileSystemException;

/** A disk's refusal in an operator's words. Pure. */
public final class DiskTrouble {

  private DiskTrouble() {}

  /** Its kind; the exception's own text may hold a path. For reading only: nothing is decided by it. */
  public static String of(IOException cause) {
    String reason = cause instanceof FileSystemException file ? file.getReason() : cause.getMessage();
    if (reason != null && reason.contains("No space left")) {
      return "the disk is full";
    }
    if (reason != null && reason.contains("quota exceeded")) {
      return "the user's quota of the disk is used up";
    }
    return "the disk refused: " + cause.getClass().getSimpleName();
  }
}
