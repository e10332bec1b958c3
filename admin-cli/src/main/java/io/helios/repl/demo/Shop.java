package io.helios.repl.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The demonstration's database: a small shop system in shared tables with a {@code tenant_id}, made and filled by the
 * server itself. All people, cities of theirs and prices are invented; the same tenant always gets the same rows, but
 * for the identities. Any thread.
 */
public final class Shop {

  /** The tables that are one tenant's or another's, as globs for a source's configuration. */
  public static final List<String> TENANT_TABLES =
      List.of("public.customers", "public.orders", "public.order_items", "public.events");

  /** The tables without a tenant. */
  public static final List<String> REFERENCE_TABLES = List.of("public.plans");

  public static final String TENANT_COLUMN = "tenant_id";

  private static final List<String> NAMES =
      List.of(
          "aster-books", "birch-bikes", "cedar-coffee", "delta-garden", "ember-lamps", "fjord-outdoor", "grove-toys",
          "harbor-tea");

  private Shop() {}

  /** Tenant keys, which do as names too. */
  public static List<String> tenants(int count) {
    List<String> tenants = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = NAMES.get(i % NAMES.size());
      tenants.add(i < NAMES.size() ? name : name + "-" + (i / NAMES.size() + 1));
    }
    return tenants;
  }

  /** Makes types, tables and the stock of words in an empty database. */
  public static void create(Connection connection) throws SQLException {
    try (InputStream sql = Objects.requireNonNull(Shop.class.getResourceAsStream("shop.sql"));
        Statement statement = connection.createStatement()) {
      statement.execute(new String(sql.readAllBytes(), UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Fills one tenant: {@code customers} customers, 2.5 orders each with 1 to 4 items, and 6 events each: about 16 rows
   * a customer. One tenant at a time.
   *
   * @return rows written
   */
  public static long fill(Connection connection, String tenant, int customers) throws SQLException {
    int orders = customers * 5 / 2;
    long rows = 0;
    rows += insert(connection, CUSTOMERS, tenant, customers);
    rows += insert(connection, ORDERS, tenant, orders);
    rows += insert(connection, ITEMS, tenant, null);
    insert(connection, TOTALS, tenant, null);
    rows += insert(connection, EVENTS, tenant, customers * 6);
    return rows;
  }

  /** What a planner should know after filling. */
  public static void analyze(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("ANALYZE customers, orders, order_items, events");
    }
  }

  private static long insert(Connection connection, String sql, String tenant, @Nullable Integer count)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(sql)) {
      insert.setString(1, tenant);
      if (count != null) {
        insert.setInt(2, count);
      }
      return insert.executeLargeUpdate();
    }
  }

  private static final String CUSTOMERS =
      """
      INSERT INTO customers (tenant_id, name, email, city, preferences, created_at)
      SELECT t, given[1 + i % array_length(given, 1)] || ' ' || family[1 + i * 7 % array_length(family, 1)],
             'customer' || i || '@' || t || '.example', city[1 + i * 5 % array_length(city, 1)],
             jsonb_build_object('newsletter', i % 3 = 0, 'language', (ARRAY['da', 'en', 'pl', 'pt', 'ja'])[1 + i % 5],
                                'sizes', jsonb_build_array(36 + i % 12, i % 5)),
             timestamptz '2024-01-01 08:00+00' + i * interval '97 minutes'
      FROM (SELECT ?::text AS t) tenant, stock.words, generate_series(1, ?) i
      """;

  private static final String ORDERS =
      """
      INSERT INTO orders (tenant_id, customer_id, status, total, note, placed_at, updated_at)
      SELECT t, c.first + i % c.count, (enum_range(NULL::order_status))[1 + i % 6], 0,
             CASE WHEN i % 11 = 0 THEN 'Please ring twice: the bell is shy. ' || repeat('Thank you! ', i % 40) END,
             at, at + i % 72 * interval '1 hour'
      FROM (SELECT ?::text AS t) tenant,
           LATERAL (SELECT min(id) AS first, count(*) AS count FROM customers WHERE tenant_id = t) c,
           generate_series(1, ?) i, LATERAL (SELECT timestamptz '2025-01-01 09:30+00' + i * interval '41 minutes' AS at) times
      """;

  private static final String ITEMS =
      """
      INSERT INTO order_items (tenant_id, order_id, line, product, quantity, unit_price)
      SELECT o.tenant_id, o.id, line, product[n], 1 + (o.id + line) % 3, price[n]
      FROM orders o, stock.words, LATERAL generate_series(1, 1 + o.id % 4) line,
           LATERAL (SELECT (1 + (o.id * 3 + line * 5) % array_length(product, 1))::int AS n) pick
      WHERE o.tenant_id = ?
      """;

  private static final String TOTALS =
      """
      UPDATE orders o SET total = i.total
      FROM (SELECT order_id, sum(amount) AS total FROM order_items WHERE tenant_id = ? GROUP BY order_id) i
      WHERE o.id = i.order_id
      """;

  private static final String EVENTS =
      """
      INSERT INTO events (tenant_id, at, kind, data)
      SELECT t, timestamptz '2025-06-01 00:00+00' + i * interval '73 seconds', kind[1 + i % array_length(kind, 1)],
             jsonb_build_object('session', md5(t || i / 9), 'path', '/products/' || i % 400, 'milliseconds', 20 + i % 900,
                                'agent', jsonb_build_object('mobile', i % 2 = 0, 'languages', jsonb_build_array('en', 'fr')))
      FROM (SELECT ?::text AS t) tenant, stock.words, generate_series(1, ?) i
      """;
}
