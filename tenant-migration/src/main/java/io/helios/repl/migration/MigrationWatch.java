package io.helios.repl.migration;

import org.jspecify.annotations.Nullable;

/** Told what happens to migrations, after it is journaled. On the thread that did it: returns at once, throws nothing. */
public interface MigrationWatch {

  MigrationWatch NOBODY = (before, after, by) -> {};

  /** @param by the transition; null when only something else about it is new */
  void changed(Migration before, Migration after, @Nullable Transition by);
}
