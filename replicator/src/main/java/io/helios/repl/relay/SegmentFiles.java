package io.helios.repl.relay;

import java.io.IOException;
import java.util.List;

/** Where segments are kept. A seam: a directory, or memory that fails on demand. Owned by one journal at a time. */
public interface SegmentFiles extends AutoCloseable {

  /** The ids of all segments there are, ascending. */
  List<Long> list() throws IOException;

  /** A new, empty file, whose name survives a crash once this returns. Replaces one of the same id. */
  SegmentFile create(long segment) throws IOException;

  SegmentFile open(long segment) throws IOException;

  /** Removes a segment for good; nothing if there is none. */
  void delete(long segment) throws IOException;

  /** How errors name a segment; no path outside the journal's own directory. */
  String name(long segment);

  @Override
  void close() throws IOException;
}
