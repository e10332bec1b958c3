package io.helios.repl.relay;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One segment's file. A seam. Reads and writes name their position, so no state is shared: any number of threads may
 * read while one writes. An interrupt of the calling thread neither fails nor closes anything; it stays pending.
 */
public interface SegmentFile extends AutoCloseable {

  /** Writes all that remains. When it throws, any part of it may have been written. */
  void write(ByteBuffer bytes, long position) throws IOException;

  /** Fills what remains of {@code into}, or as much of it as the file has. Returns how many bytes that was. */
  int read(ByteBuffer into, long position) throws IOException;

  /** Returns when everything written is on stable storage. When it throws, nothing is known of what was written since the last time. */
  void force() throws IOException;

  /** Cuts the file to this length. */
  void truncate(long length) throws IOException;

  long size() throws IOException;

  @Override
  void close() throws IOException;
}
