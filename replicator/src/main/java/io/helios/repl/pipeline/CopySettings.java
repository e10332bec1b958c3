package io.helios.repl.pipeline;

/**
 * How a copy is made.
 *
 * @param parallelism sessions at the source and as many at the target, at the most
 * @param smallestPartBytes no table is cut into parts smaller than this (bytes on the source's disk)
 */
public record CopySettings(int parallelism, long smallestPartBytes) {

  public static final CopySettings DEFAULT = new CopySettings(4, 32L << 20);

  public CopySettings {
    if (parallelism < 1 || smallestPartBytes < 1) {
      throw new IllegalArgumentException("parallelism and part size must be positive");
    }
  }
}
