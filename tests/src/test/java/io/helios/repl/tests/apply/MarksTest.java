package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.Replicas;
import io.helios.repl.apply.Replicas.Mark;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** How far a target has noted that it has everything. */
class MarksTest {

  private static final long SYSTEM = 42;
  private static final Replicated WHAT = new Replicated(new Tenancy.ByColumn("tenant_id"), false, "shop", SYSTEM, "here");

  private final Tenant tenant = new Tenant(UUID.randomUUID(), "a", "a", "shop", "copy", TableFilter.ALL, Tier.STANDARD,
      Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 3);

  private Mark mark(long epoch, long position, long through) {
    return new Mark(tenant.id(), epoch, new Lsn(position), new Lsn(through));
  }

  /** After a restart on a quiet source: the slot must not wait for the next commit to be told what the target has noted. */
  @Test
  void whatWasNotedBeforeIsNotedToo() throws SQLException {
    LocalPostgres server = Postgres.shared(17, "target");
    try (Connection connection = server.connect(Postgres.createDatabase(server))) {
      TargetSchema.install(connection);
      Replicas.register(connection, tenant, WHAT, new Lsn(100));
      List<Mark> marks = List.of(mark(3, 100, 200));
      assertThat(Replicas.mark(connection, marks)).isEqualTo(marks);
      assertThat(Replicas.mark(connection, marks)).isEqualTo(marks);
      assertThat(Replicas.mark(connection, List.of(mark(3, 100, 150)))).as("less").isEmpty();
      assertThat(Replicas.mark(connection, List.of(mark(2, 100, 300)))).as("another epoch").isEmpty();
      assertThat(Replicas.mark(connection, List.of(mark(3, 90, 300)))).as("another position").isEmpty();
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).contains(new Lsn(200));
    }
  }

  @Test
  void whatWasCopiedIsThereAndWhatIsStillToBeCopiedLacksNothing() throws SQLException {
    LocalPostgres server = Postgres.shared(17, "target");
    try (Connection connection = server.connect(Postgres.createDatabase(server));
        Statement statement = connection.createStatement()) {
      TargetSchema.install(connection);
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).as("never here").isEmpty();
      Replicas.register(connection, tenant, WHAT, Lsn.INVALID);
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).as("registered").isEmpty();
      String values = "INSERT INTO helios.copied_table (tenant, schema_name, table_name, copied_at_lsn, finished) VALUES ('"
          + tenant.id() + "', 'public', ";
      statement.execute(values + "'one', '0/64', false)");
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).as("begun").isEmpty();
      statement.execute(values + "'two', '0/64', true), ('" + tenant.id() + "', 'public', 'three', '0/80', true)");
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).as("two of three").contains(new Lsn(0x64));
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM + 1)).as("of another server").contains(Lsn.INVALID);
      assertThat(Replicas.mark(connection, List.of(mark(3, 0, 0x90)))).hasSize(1);
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).as("noted").contains(new Lsn(0x90));
      statement.execute("UPDATE helios.replica SET position = '0/10', through = '0/0'");
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).as("applied").contains(new Lsn(0x10));
      statement.execute("DELETE FROM helios.replica");
      assertThat(Replicas.through(connection, tenant.id(), SYSTEM)).as("its record is gone").contains(Lsn.INVALID);
    }
  }
}
