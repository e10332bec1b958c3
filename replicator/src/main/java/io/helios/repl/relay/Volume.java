package io.helios.repl.relay;

/**
 * What a journal has taken of one tenant since it was opened.
 *
 * @param sealedBytes after compression and sealing
 * @param plainBytes before
 */
public record Volume(long sealedBytes, long plainBytes) {

  public static final Volume NONE = new Volume(0, 0);
}
