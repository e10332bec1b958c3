package io.helios.repl.migration;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** How much room there is for migrations that want to begin: in all, and in the batch that each is of. One thread. */
final class Admission {

  private final Map<String, Integer> ofBatch = new HashMap<>();
  private final int most;
  private int copying;

  private Admission(int most) {
    this.most = most;
  }

  /** @param beginning whether a planned one has been let in, and does not show it yet */
  static Admission of(List<Migration> all, int most, Predicate<Migration> beginning) {
    Admission admission = new Admission(most);
    for (Migration migration : all) {
      MigrationState state = migration.state();
      if (state == MigrationState.COPYING
          || state == MigrationState.CATCHING_UP
          || (state == MigrationState.PLANNED && beginning.test(migration))) {
        admission.admit(migration);
      }
    }
    return admission;
  }

  boolean hasRoom(Migration migration) {
    String batch = migration.options().batch();
    return copying < most
        && (batch == null || ofBatch.getOrDefault(batch, 0) < migration.options().parallel());
  }

  void admit(Migration migration) {
    copying++;
    String batch = migration.options().batch();
    if (batch != null) {
      ofBatch.merge(batch, 1, Integer::sum);
    }
  }
}
