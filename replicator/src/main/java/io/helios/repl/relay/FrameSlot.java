package io.helios.repl.relay;

/**
 * Where the next frame will stand: what its seal is made from. Given by {@link RelayJournal#reserve}; good for the next
 * append only.
 *
 * @param salt the segment's 32 random bytes
 */
@SuppressWarnings("ArrayRecordComponent") // slots are passed on, never compared
public record FrameSlot(long segment, byte[] salt, int index, long sequence) {}
