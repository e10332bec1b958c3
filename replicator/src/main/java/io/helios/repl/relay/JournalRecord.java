package io.helios.repl.relay;

import java.util.List;
import java.util.UUID;

/** What a segment is a sequence of. {@link RecordFormat} draws the bytes. */
sealed interface JournalRecord {

  /**
   * A frame; what was sealed follows it.
   *
   * @param previous offset of the tenant's frame before this one in the same segment; 0 when it is the first there
   * @param sealedCrc CRC-32C of what was sealed
   */
  record FrameRecord(int previous, FrameHeader header, int sealedCrc) implements JournalRecord {

    /** From this record's start to the next one's. */
    static long length(int sealedLength) {
      return RecordFormat.FRAME_PREFIX_BYTES + (long) sealedLength;
    }
  }

  /**
   * All before it is durable once it is; without one after it, nothing is.
   *
   * @param previousEnd where the mark before it in this segment ends, 0 when it is the first: up to there everything
   *     was durable before this mark was written
   * @param provenance of everything up to here
   */
  record Mark(long previousEnd, long capturedUpTo, Provenance provenance) implements JournalRecord {}

  /** What is known of all tenants where a segment starts, so that no earlier segment is needed for it. */
  record Tenants(List<TenantEntry> tenants) implements JournalRecord {}

  /** The tenant outgrew its share: its frames are given up. */
  record Dropped(UUID tenant) implements JournalRecord {}

  /** Nothing is known of the tenant any more. */
  record Forgotten(UUID tenant) implements JournalRecord {}

  /** The tenant's frames up to this one are applied. Written now and then: only quotas after a restart depend on it. */
  record Acknowledged(UUID tenant, long sequence) implements JournalRecord {}

  /**
   * One tenant of {@link Tenants}.
   *
   * @param born the segment in which the journal first knew of it: tells a forgotten tenant from its later self
   * @param nextSequence of its next frame
   * @param lastPosition of its last frame
   * @param acknowledgedSequence of its last frame that was trimmed
   */
  record TenantEntry(
      UUID tenant, long born, long nextSequence, long lastPosition, long acknowledgedSequence, boolean dropped) {}
}
