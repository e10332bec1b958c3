package io.helios.repl.tests.shapes;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.tests.apply.ApplyFixture;
import java.sql.SQLException;

/** What the tests of this package hold both sides against. */
final class Equal {

  private Equal() {}

  /** Nobody failed or met a conflict, and the table is the same on both sides, with something in it. */
  static void withoutConflict(ApplyFixture fixture, String table) throws SQLException {
    for (ReplicaTenant tenant : fixture.tenants.values()) {
      assertThat(tenant.status().error()).isNull();
      assertThat(tenant.status().conflicts()).isZero();
    }
    rows(fixture, table);
  }

  static void rows(ApplyFixture fixture, String table) throws SQLException {
    for (ReplicaTenant tenant : fixture.tenants.values()) {
      assertThat(tenant.status().error()).isNull();
    }
    String rows = "SELECT t::text FROM ONLY " + table + " t ORDER BY 1";
    assertThat(fixture.target(rows)).isEqualTo(fixture.source(rows)).isNotEmpty();
  }
}
