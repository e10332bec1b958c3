package io.helios.repl.runbook;

import java.util.List;

/** Seam: where a run is written down. Whoever holds it is the only one who runs the run. */
public interface Journal extends AutoCloseable {

  /** The run's name. */
  String run();

  /** What is written there, in order. */
  List<Entry> entries();

  /**
   * Writes a line, or overwrites the one with its number. When this returns it is kept.
   *
   * @throws io.helios.repl.client.FailedException when it cannot be kept, or somebody else runs the run by now
   */
  void write(Entry entry) throws InterruptedException;

  /** Ends this hold of the run. */
  void end(RunState state) throws InterruptedException;

  /** Lets go of it; what was not ended looks interrupted after a while. */
  @Override
  void close();
}
