package io.helios.repl.tests.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LoadGenerator;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.demo.Shop;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShopTest {

  private final LocalPostgres server = Postgres.shared(17, "source");
  private final String database = Postgres.createDatabase(server);
  private final List<String> tenants = Shop.tenants(3);
  private Connection connection;

  @BeforeEach
  void create() throws SQLException {
    connection = server.connect(database);
    Shop.create(connection);
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  @Test
  void tenantNamesAreNeverTheSame() {
    assertThat(Shop.tenants(50)).doesNotHaveDuplicates().startsWith("aster-books", "birch-bikes").hasSize(50);
  }

  @Test
  void aFilledTenantHasWhatItSaysAndItsTotalsAddUp() throws SQLException {
    long rows = Shop.fill(connection, "aster-books", 200) + Shop.fill(connection, "birch-bikes", 100);
    Shop.analyze(connection);
    assertThat(number("SELECT (SELECT count(*) FROM customers) + (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items) + (SELECT count(*) FROM events)"))
        .isEqualTo(rows)
        .isBetween(4000L, 6000L);
    assertThat(number("SELECT count(*) FROM customers WHERE tenant_id = 'aster-books'")).isEqualTo(200);
    assertThat(number(WRONG_TOTALS)).isZero();
  }

  @Test
  void noPublishedTableLosesTheTenantOfADeletedRow() throws SQLException {
    assertThat(number(
            """
            SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND nspname = 'public'
            WHERE relkind = 'r' AND relname <> 'plans' AND NOT EXISTS (
              SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
              WHERE i.indrelid = c.oid AND a.attname = 'tenant_id'
                AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END)
            """))
        .isZero();
  }

  @Test
  void loadTouchesEveryTenantAndTableInAllThreeWays() throws Exception {
    for (String tenant : tenants) {
      Shop.fill(connection, tenant, 50);
    }
    LoadGenerator load = LoadGenerator.start(() -> server.connect(database), tenants, 3, 5000, 7);
    await().until(() -> load.done().transactions() >= 600);
    LoadGenerator.Done done = load.stop();

    assertThat(done.rows()).isGreaterThan(done.transactions());
    assertThat(number("SELECT count(DISTINCT tenant_id) FROM events WHERE kind = 'order-placed'")).isEqualTo(3);
    assertThat(number("SELECT count(*) FROM orders WHERE updated_at > placed_at AND placed_at > now() - interval '1 day'"))
        .isPositive();
    assertThat(number("SELECT count(*) FROM customers WHERE preferences ? 'seen'")).isPositive();
    assertThat(number("SELECT count(*) FROM customers WHERE email LIKE 'guest-%'")).isPositive();
    assertThat(number("SELECT 50 * 6 * 3 - count(*) FROM events WHERE at < now() - interval '1 day' AND kind <> 'order-placed'"))
        .isPositive();
    assertThat(number(WRONG_TOTALS)).isZero();
  }

  @Test
  void afterStopNoTransactionIsUnderWay() throws Exception {
    Shop.fill(connection, tenants.get(0), 50);
    LoadGenerator load = LoadGenerator.start(() -> server.connect(database), tenants.subList(0, 1), 4, 5000, 1);
    await().until(() -> load.done().transactions() >= 50);
    load.stop();

    assertThat(number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"))
        .isZero();
  }

  @Test
  void theRateIsKept() throws Exception {
    Shop.fill(connection, tenants.get(0), 50);
    LoadGenerator load = LoadGenerator.start(() -> server.connect(database), tenants.subList(0, 1), 2, 100, 1);
    await().until(() -> load.done().transactions() >= 1);
    long before = System.nanoTime();
    long first = load.done().transactions();
    await().until(() -> load.done().transactions() >= first + 60);
    double seconds = (System.nanoTime() - before) / 1e9;
    load.stop();
    assertThat(60 / seconds).isLessThan(200);
  }

  private static final String WRONG_TOTALS =
      """
      SELECT count(*) FROM orders o
      WHERE total <> (SELECT sum(amount) FROM order_items i WHERE (i.tenant_id, i.order_id) = (o.tenant_id, o.id))
      """;

  private long number(String sql) throws SQLException {
    try (ResultSet row = connection.createStatement().executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
