package io.helios.repl.relay;

/**
 * How much a journal may hold.
 *
 * @param maxBytes on disk, all tenants together: at least four segments
 * @param maxBytesPerTenant of one tenant's frames that are not yet acknowledged
 * @param segmentBytes at which a new segment is begun: 4 KiB to 1 GiB
 */
public record RelayLimits(long maxBytes, long maxBytesPerTenant, long segmentBytes) {

  public static final long DEFAULT_SEGMENT_BYTES = 64L << 20;

  public RelayLimits {
    if (segmentBytes < 4096 || segmentBytes > 1L << 30) {
      throw new IllegalArgumentException("a segment has 4 KiB to 1 GiB, not " + segmentBytes + " bytes");
    }
    if (maxBytes < 4 * segmentBytes) {
      throw new IllegalArgumentException("a journal has room for four segments at least, not " + maxBytes + " bytes");
    }
    if (maxBytesPerTenant < 1) {
      throw new IllegalArgumentException("a tenant's share must be positive, not " + maxBytesPerTenant);
    }
  }

  /** With segments of 64 MiB, or smaller ones where {@code maxBytes} has no room for four of them. */
  public RelayLimits(long maxBytes, long maxBytesPerTenant) {
    this(maxBytes, maxBytesPerTenant, Math.max(4096, Math.min(DEFAULT_SEGMENT_BYTES, maxBytes / 8)));
  }
}
