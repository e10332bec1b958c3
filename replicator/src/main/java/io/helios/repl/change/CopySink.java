package io.helios.repl.change;

/**
 * Where copied rows go, as the bytes of one {@code COPY … TO STDOUT}: the door between the wing that reads a source and
 * the wing that writes a target. Taking bytes slowly is how the target holds the source back.
 *
 * <p>Called by one thread at a time. Throws an error of the family when the bytes cannot be taken; nothing more is
 * written after that.
 */
@FunctionalInterface
public interface CopySink {

  /** Takes the bytes before it returns: the array may be filled again at once. Cuts fall anywhere, also within a row. */
  void write(byte[] bytes, int offset, int length);
}
