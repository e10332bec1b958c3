package io.helios.repl.relay;

/**
 * One tenant's changes from one or more whole or partial transactions, sealed. The arrays are never written again.
 *
 * @param salt the 32 random bytes of the segment it was sealed for; its key is derived with them
 */
@SuppressWarnings("ArrayRecordComponent") // frames are passed on, never compared
public record Frame(FrameHeader header, byte[] salt, byte[] sealed) {}
