package io.helios.repl.pipeline;

import io.helios.repl.relay.FrameHeader;
import java.util.HexFormat;

/**
 * The ids of a frame's trace and of its spans. They follow from what the frame's header tells, so both ends of its way come to the same ones,
 * in other processes too, and nothing has to travel with it.
 *
 * @param high the first half of the trace's id
 * @param low the second half, which decides about sampling
 */
record TraceIds(long high, long low, long sequence) {

  private static final HexFormat HEX = HexFormat.of();

  static TraceIds of(FrameHeader header) {
    long seed = mix(header.systemIdentifier());
    seed = mix(seed ^ header.tenant().getMostSignificantBits());
    seed = mix(seed ^ header.tenant().getLeastSignificantBits());
    seed = mix(seed ^ header.lastPosition());
    return new TraceIds(mix(seed ^ header.timeline()), mix(~seed), header.sequence());
  }

  /** Whether it is among this share of all, 0 to 1. */
  boolean isWithin(double sample) {
    return (low >>> 11) * 0x1.0p-53 < sample;
  }

  String trace() {
    return HEX.toHexDigits(high) + HEX.toHexDigits(low);
  }

  String span(Span.Stage stage) {
    return HEX.toHexDigits(mix(low ^ mix(2 * sequence + stage.ordinal())) | 1); // none is 0, which would mean no span
  }

  /** SplittableRandom's finalizer: each bit of the result depends on each bit given (Steele, Lea, Flood 2014). */
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
