package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.apply.SequenceLedger;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.Surroundings;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The machine's wall clock is set an hour forward, then two back, while it replicates. */
class ClockJumpTest {

  private static final double MINUTES = 600;

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private volatile Duration ahead = Duration.ZERO;

  private final Surroundings surroundings =
      new Surroundings() {
        @Override
        public Ticker ticker() {
          return new Ticker() {
            @Override
            public long nanos() {
              return System.nanoTime();
            }

            @Override
            public Instant now() {
              return Instant.now().plus(ahead);
            }
          };
        }
      };

  private void write(String tenant, int from) {
    source.execute(
        "INSERT INTO orders SELECT '" + tenant + "', i, 'x' FROM generate_series(" + from + ", " + (from + 20) + ") i");
  }

  @Test
  void replicationGoesOnAndTheLagIsNeitherNegativeNorAnHour() throws Exception {
    source.execute("CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))");
    write("a", 0);
    try (Replication replication = new Replication(directory, source, target, surroundings)) {
      Fleet fleet = replication.fleet;
      UUID a = replication.start("a");
      UUID waits = replication.start("waits");
      fleet.pauseTenant(waits);
      replication.becomes(waits, TenantState.PAUSED);
      write("waits", 0);
      replication.catchUp(a);
      int round = 1;
      for (Duration jump : List.of(Duration.ofHours(1), Duration.ofHours(-1), Duration.ZERO)) {
        ahead = jump;
        write("a", 1000 * round++);
        for (TenantStatus status : List.of(fleet.status(a), fleet.status(waits))) {
          assertThat(status.lagSeconds()).as("%s", jump).isNotNull().isBetween(0.0, MINUTES);
        }
        // It is time that passes, not what the clock says.
        await().atMost(Replication.PATIENCE).until(() -> lag(fleet, waits) > 1);
        replication.catchUp(a);
        assertThat(lag(fleet, a)).isBetween(0.0, MINUTES);
        assertThat(Fleet.await(fleet.verify(a, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
      }
      ahead = Duration.ofHours(-1);
      fleet.resumeTenant(waits);
      replication.becomes(waits, TenantState.STREAMING);
      replication.catchUp(waits);
      replication.equal("SELECT * FROM orders ORDER BY 1, 2");
      assertThat(target.query("SELECT kind FROM helios.conflict")).isEmpty();
      assertThat(replication.events).noneMatch(event -> event.severity() == FleetEvent.Severity.ERROR);
    }
  }

  private static double lag(Fleet fleet, UUID tenant) {
    Double seconds = fleet.status(tenant).lagSeconds();
    return seconds == null ? 0 : seconds;
  }

  @Test
  void whatIsKnownOfSequencesGoesOnWithTheWalThoughTheClockWasSetBack() throws Exception {
    source.execute("CREATE TABLE orders (id bigserial PRIMARY KEY)", "INSERT INTO orders DEFAULT VALUES");
    try (Connection from = PgConnections.open(source.settings(), "test", null);
        Connection to = PgConnections.open(target.settings(), "test", null)) {
      TargetSchema.install(to);
      Instant noon = Instant.parse("2026-01-01T12:00:00Z");
      List<SequenceSample> early = SequenceSample.read(from, noon.plus(Duration.ofHours(1)), (schema, table) -> true);
      SequenceLedger.keep(to, "shop", 1, early);
      source.execute("INSERT INTO orders DEFAULT VALUES", "INSERT INTO orders DEFAULT VALUES");
      List<SequenceSample> later = SequenceSample.read(from, noon, (schema, table) -> true);
      assertThat(later.getFirst().lsn()).isGreaterThan(early.getFirst().lsn());
      SequenceLedger.keep(to, "shop", 1, later);
      SequenceLedger.keep(to, "shop", 1, early);
      SequenceLedger.forgetOld(to, "shop", 1, noon);
      assertThat(target.query("SELECT last_value, lsn FROM helios.sequence"))
          .containsExactly("3|" + later.getFirst().lsn());
    }
  }
}
