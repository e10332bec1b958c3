package io.helios.repl.failover;

import org.jspecify.annotations.Nullable;

/** Told what happens to failovers, after it is journaled. On the thread that did it: returns at once, throws nothing. */
public interface FailoverWatch {

  FailoverWatch NOBODY = (before, after, by) -> {};

  /** @param by the transition; null when only something else about it is new */
  void changed(Failover before, Failover after, @Nullable Transition by);
}
