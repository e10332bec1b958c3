package io.helios.repl.error;

/**
 * How large a row may be. It is never cut, so what takes part in its way holds it whole, several times over at the worst: as
 * received, as written into its frame, compressed, sealed, and once more of each where it is applied. The heap (-Xmx) is the
 * configuration that bounds it.
 */
public final class LargestRow {

  /** An eighth of the heap. */
  public static final long BYTES = Runtime.getRuntime().maxMemory() / 8;

  private static final String MORE_HEAP =
      "start the server with more heap, eight times the largest row at least (JAVA_OPTS=-Xmx…)";

  private LargestRow() {}

  /** Of a row that is larger than that. */
  public static Problem exceeded(long rowBytes) {
    return new Problem(
        ErrorCode.ROW_TOO_LARGE,
        "a row of " + mebibytes(rowBytes) + " MiB is larger than the " + mebibytes(BYTES) + " MiB that this server's memory is made for",
        "its heap is bounded at " + mebibytes(Runtime.getRuntime().maxMemory()) + " MiB, and a row is held whole, several times",
        MORE_HEAP + ", then: helios-repl tenant resync NAME");
  }

  /**
   * Of an allocation that failed all the same; what was under way is given up.
   *
   * @param doing for example {@code receiving the WAL of source "shop"}
   */
  public static Problem outOfMemory(String doing) {
    return new Problem(
        ErrorCode.ROW_TOO_LARGE,
        "the memory did not suffice for " + doing,
        "a row or value is too large for the heap, which is bounded at "
            + mebibytes(Runtime.getRuntime().maxMemory()) + " MiB",
        MORE_HEAP);
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
