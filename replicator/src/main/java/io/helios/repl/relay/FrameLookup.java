package io.helios.repl.relay;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a reader does next, outside the index's lock: read these frames, all of one segment, or read the block's
 * headers again and ask anew. Where there is something to do the segment is retained for it.
 *
 * @param segment null when there is nothing to read
 * @param load the block to read the headers of, or null
 */
record FrameLookup(
    @Nullable TenantFrames tenant, @Nullable Segment segment, List<Place> frames, @Nullable FrameBlock load) {

  record Place(long sequence, int offset, int sealedLength) {}

  private static final FrameLookup NOTHING = new FrameLookup(null, null, List.of(), null);

  /**
   * Looks one block's worth of frames up. Under the index's lock.
   *
   * @param first whether this is a fetch's first lookup: only then does a frame that is larger than the room count, and
   *     only then is what cannot be had an error
   */
  static FrameLookup of(
      UUID id, @Nullable TenantFrames tenant, long afterPosition, long fromSequence, long room, boolean first) {
    if (first) {
      refuseGap(id, tenant, afterPosition, fromSequence);
    }
    if (tenant == null || (!first && fromSequence < tenant.firstSequence())) {
      return NOTHING;
    }
    FrameBlock block = tenant.find(afterPosition, fromSequence);
    if (block == null) {
      return NOTHING;
    }
    if (!block.known()) {
      block.segment.retain();
      return new FrameLookup(tenant, block.segment, List.of(), block);
    }
    List<Place> frames = new ArrayList<>();
    long left = room;
    for (int i = block.acknowledged; i < block.count; i++) {
      long sequence = block.firstSequence + i;
      if (sequence > tenant.visibleSequence()) {
        break;
      }
      if (sequence < fromSequence || Long.compareUnsigned(block.lastPosition(i), afterPosition) <= 0) {
        continue;
      }
      int sealedLength = block.sealedLength(i);
      if (sealedLength > left && !(first && frames.isEmpty())) {
        break;
      }
      left -= sealedLength;
      frames.add(new Place(sequence, block.offset(i), sealedLength));
    }
    if (frames.isEmpty()) {
      return NOTHING;
    }
    block.segment.retain();
    return new FrameLookup(tenant, block.segment, frames, null);
  }

  private static void refuseGap(UUID id, @Nullable TenantFrames tenant, long afterPosition, long fromSequence) {
    if (tenant == null) {
      if (fromSequence > 1) {
        throw JournalErrors.gap(id, "the journal does not know the tenant, but frame " + fromSequence + " was asked for");
      }
      return;
    }
    if (tenant.dropped) {
      throw JournalErrors.overflowed(id);
    }
    if (Long.compareUnsigned(afterPosition, tenant.trimmedPosition) < 0) {
      throw JournalErrors.gap(id, "changes after the target's position have been trimmed");
    }
    if (fromSequence > tenant.visibleSequence() + 1) {
      throw JournalErrors.gap(
          id, "frame " + fromSequence + " was asked for, the journal ends at " + tenant.visibleSequence());
    }
  }
}
