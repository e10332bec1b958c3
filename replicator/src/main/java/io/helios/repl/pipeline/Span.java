package io.helios.repl.pipeline;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One part of a frame's way, as traces tell it (OpenTelemetry's data model). Holds names, positions and sizes, never a value of a row.
 *
 * @param traceId 32 hexadecimal digits; the same for the frames of one large transaction
 * @param id 16 hexadecimal digits
 * @param parent of the span that came before; null for the first
 * @param start by this machine's clock, as are all times here
 * @param happened what happened between start and end, by a stable word
 * @param attributes texts and whole numbers by name
 */
public record Span(
    String traceId,
    String id,
    @Nullable String parent,
    Stage stage,
    Instant start,
    Instant end,
    Map<String, Instant> happened,
    Map<String, Object> attributes) {

  /** Which part of the way. */
  public enum Stage {
    /** From the oldest commit at the source until the frame is durable in the journal. */
    CAPTURE,
    /** From there until it is committed at the target. */
    APPLY
  }

  public Span {
    happened = Map.copyOf(happened);
    attributes = Map.copyOf(attributes);
  }
}
