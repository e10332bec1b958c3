package io.helios.repl.migration;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How much room there is for migrations that want to begin: in all, and in the batch that each is of. One thread. */
final class Admission {

  private final Map<String, Integer> ofBatch = new HashMap<>();
  private final int most;
  private int copying;

  private Admission(int most) {
    this.most = most;
  }

  static Admission of(List<Migration> all, int most) {
    Admission admission = new Admission(most);
    for (Migration migration : all) {
      if (migration.state() == MigrationState.COPYING || migration.state() == MigrationState.CATCHING_UP) {
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
