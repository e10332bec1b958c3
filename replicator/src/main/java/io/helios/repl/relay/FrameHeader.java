package io.helios.repl.relay;

import java.util.UUID;

/**
 * What is known of a frame without its key. All of it is authenticated with the payload.
 *
 * <p>A position is what orders a tenant's transactions: 64 bits, unsigned; for WAL capture the commit LSN.
 *
 * @param lane {@link #STREAM} for changes; others are free
 * @param epoch the tenant's epoch under which it was captured
 * @param systemIdentifier the source's, from {@code IDENTIFY_SYSTEM}
 * @param segment the id of the journal segment it was sealed for
 * @param index its place among the frames of that segment: the nonce
 * @param sequence the tenant's own count of frames, without holes
 * @param firstPosition position of its first transaction
 * @param lastPosition position of its last transaction, complete or not
 * @param firstCommitMicros commit time of its first transaction, microseconds since 2000-01-01 UTC
 * @param lastCommitMicros commit time of its last transaction
 * @param complete whether it ends on a transaction's boundary
 * @param keyGeneration which of the tenant's keys sealed it
 * @param changes how many rows it changes
 * @param plainLength bytes before compression: the bound of decompression
 * @param sealedLength bytes as stored, the authentication tag included
 */
public record FrameHeader(
    UUID tenant,
    byte lane,
    long epoch,
    long systemIdentifier,
    int timeline,
    long segment,
    int index,
    long sequence,
    long firstPosition,
    long lastPosition,
    long firstCommitMicros,
    long lastCommitMicros,
    boolean complete,
    int keyGeneration,
    int changes,
    int plainLength,
    int sealedLength) {

  public static final byte STREAM = 1;

  /** Frames hold at most this many bytes before compression (a GCM decryption is buffered whole), but for a single larger row. */
  public static final int MAX_PLAIN = 8 << 20;
}
