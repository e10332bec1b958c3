package io.helios.repl.tests.gaps;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.status.TenantState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The target is not what it was. */
class TargetGapTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private Orders orders;

  @BeforeEach
  void tables() {
    orders = new Orders(directory, source, target);
    orders.create();
  }

  private void onServer(String... sql) {
    Postgres.execute(target.server(), "postgres", sql);
  }

  private String backUp() {
    String backup = target.name() + "_backup";
    onServer("CREATE DATABASE " + backup + " TEMPLATE " + target.name());
    return backup;
  }

  private void restore(String backup) {
    onServer(
        "DROP DATABASE " + target.name() + " WITH (FORCE)",
        "CREATE DATABASE " + target.name() + " TEMPLATE " + backup);
  }

  @Test
  void itsRecordOfTheTenantTakenAwayWhileItStreamsIsAGapOfThatTenantAlone() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      target.execute("DELETE FROM helios.replica WHERE name = 'a'");
      orders.write("a", 100, 110);
      orders.write("b", 100, 110);
      Orders.gap(replication, a, ErrorCode.REPLICA_UNKNOWN);
      replication.catchUp(b);
      orders.resync(replication, a);
    }
  }

  @Test
  void putBackToBeforeTheEndOfACopyItIsAGapAlsoForWhomNothingWasAppliedYet() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      target.execute(
          "UPDATE helios.copied_table SET finished = false WHERE tenant = '" + a + "'",
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
              + " AND application_name LIKE 'helios-repl/apply%'");
      orders.write("a", 100, 110);
      orders.write("b", 100, 110);
      Orders.gap(replication, a, ErrorCode.REPLICA_UNKNOWN);
      replication.catchUp(b);
      orders.resync(replication, a);
    }
  }

  @Tag("long")
  @Test
  void itsRecordOfTheTenantTakenAwayWhileWeAreStoppedIsAGap() throws Exception {
    try (Replication replication = orders.replicate()) {
      replication.start("a");
      replication.start("b");
    }
    target.execute("DELETE FROM helios.replica WHERE name = 'a'");
    orders.write("a", 100, 110);
    try (Replication replication = orders.replicate()) {
      UUID b = replication.add("b", DesiredState.RUNNING);
      UUID a = replication.add("a", DesiredState.RUNNING);
      Orders.gap(replication, a, ErrorCode.REPLICA_UNKNOWN);
      replication.becomes(b, TenantState.STREAMING);
      orders.resync(replication, a);
    }
  }

  @Test
  @Tag("long")
  void anEmptyDatabaseInItsPlaceWhileWeStreamIsAGapAlsoForWhoHasNoNews() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      orders.write("b", 100, 110);
      replication.catchUp(b);
      onServer("DROP DATABASE " + target.name() + " WITH (FORCE)", "CREATE DATABASE " + target.name());
      orders.write("a", 100, 110);
      Orders.gap(replication, a, ErrorCode.REPLICA_UNKNOWN);
      Orders.gap(replication, b, ErrorCode.REPLICA_UNKNOWN);
      orders.resync(replication, a, b);
    }
  }

  @Tag("long")
  @Test
  void anEmptyDatabaseInItsPlaceWhileWeAreStoppedIsAGap() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      orders.write("a", 100, 110);
      replication.catchUp(a);
    }
    onServer("DROP DATABASE " + target.name() + " WITH (FORCE)", "CREATE DATABASE " + target.name());
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      Orders.gap(replication, a, ErrorCode.REPLICA_UNKNOWN);
      UUID b = replication.start("b");
      orders.resync(replication, a, b);
    }
  }

  @Test
  @Tag("long")
  void restoredToBeforeWhatTheJournalStillHasIsAGapAlsoForWhoHasNoNews() throws Exception {
    try (Replication replication = orders.replicate()) {
      replication.start("a");
      replication.start("b");
    }
    String backup = backUp();
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      orders.write("a", 100, 110);
      orders.write("b", 100, 110);
      replication.becomes(a, TenantState.STREAMING);
      replication.becomes(b, TenantState.STREAMING);
      replication.catchUp(a);
      replication.catchUp(b);
      restore(backup);
      orders.write("a", 200, 210);
      Orders.gap(replication, a, ErrorCode.JOURNAL_GAP);
      Orders.gap(replication, b, ErrorCode.JOURNAL_GAP);
      orders.resync(replication, a, b);
    }
  }

  @Test
  void restoredToWhatTheJournalStillGoesOnFromItSimplyGoesOn() throws Exception {
    try (Replication replication = orders.replicate()) {
      replication.start("a");
      replication.start("b");
    }
    String backup = backUp();
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.PAUSED);
      UUID b = replication.add("b", DesiredState.PAUSED);
      orders.write("a", 100, 110);
      orders.write("b", 100, 110);
      target.execute("CREATE TABLE made_since ()");
      restore(backup);
      for (UUID tenant : new UUID[] {a, b}) {
        replication.fleet.resumeTenant(tenant);
        replication.becomes(tenant, TenantState.STREAMING);
        replication.catchUp(tenant);
        assertThat(replication.fleet.status(tenant).conflicts()).isZero();
      }
      orders.equal(replication);
    }
  }
}
