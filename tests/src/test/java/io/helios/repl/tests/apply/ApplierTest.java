package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.ReplicaTenant;
import java.sql.SQLException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApplierTest {

  private static final String ORDERS =
      "CREATE TABLE orders (tenant_id int, id bigint, title text, amount numeric(10,2), at timestamptz,"
          + " PRIMARY KEY (tenant_id, id))";

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void insertsUpdatesAndDeletesArriveWithThePositionInBothFormats(boolean binary) throws SQLException {
    try (ApplyFixture fixture = ApplyFixture.shared(ORDERS)) {
      fixture.binary = binary;
      ReplicaTenant one = fixture.tenant("1");
      ReplicaTenant two = fixture.tenant("2");
      fixture.transaction(
          "INSERT INTO orders SELECT g % 2 + 1, g, 'order ' || g, g * 1.5, '2026-01-01'::timestamptz + g * interval '1 s'"
              + " FROM generate_series(1, 1000) g");
      fixture.transaction("UPDATE orders SET title = NULL, amount = 7 WHERE id % 3 = 0");
      fixture.transaction("DELETE FROM orders WHERE id % 5 = 0", "INSERT INTO orders VALUES (1, 10, 'again', 1, now())");
      fixture.apply();
      fixture.transaction("UPDATE orders SET amount = amount + 1");
      fixture.apply();

      assertThat(one.status().error()).isNull();
      assertThat(fixture.target("SELECT * FROM orders ORDER BY 1, 2"))
          .isEqualTo(fixture.source("SELECT * FROM orders ORDER BY 1, 2"))
          .hasSize(801);
      for (ReplicaTenant tenant : new ReplicaTenant[] {one, two}) {
        assertThat(tenant.status().error()).isNull();
        assertThat(fixture.target("SELECT position FROM helios.replica WHERE tenant = '" + tenant.id() + "'"))
            .containsExactly(tenant.status().position().toString());
        assertThat(fixture.frames.acknowledged(tenant.id())).isEqualTo(tenant.status().position().value());
      }
      assertThat(one.status().conflicts()).isZero();
      assertThat(one.status().tables().get("public.orders").inserts()).isEqualTo(501);
    }
  }
}
