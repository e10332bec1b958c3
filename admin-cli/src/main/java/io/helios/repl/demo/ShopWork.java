package io.helios.repl.demo;

import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The small transactions of a shop, one at a time: orders placed, moved on and cancelled, customers who come and change
 * their minds, events, old events cleared. Owned by one thread, with its connection.
 */
final class ShopWork implements AutoCloseable {

  /** Serialization failure and deadlock: the transaction is given up, as an application would try its next one. */
  private static final Set<String> GIVEN_UP = Set.of("40001", "40P01");

  private final Connection connection;
  private final List<String> tenants;
  private final SplittableRandom random;
  private final Map<String, PreparedStatement> statements = new HashMap<>();
  private final List<String> products;
  private final List<BigDecimal> prices;

  ShopWork(Connection connection, List<String> tenants, SplittableRandom random) throws SQLException {
    this.connection = connection;
    this.tenants = tenants;
    this.random = random;
    try (PreparedStatement words = connection.prepareStatement("SELECT product, price FROM stock.words");
        ResultSet row = words.executeQuery()) {
      row.next();
      products = List.of((String[]) array(row.getArray(1)));
      prices = List.of((BigDecimal[]) array(row.getArray(2)));
    }
    connection.setAutoCommit(false);
  }

  /** Runs one transaction for some tenant and commits it. Returns the rows it touched; 0 when there was nothing to do. */
  int runOne() throws SQLException {
    String tenant = tenants.get(random.nextInt(tenants.size()));
    int dice = random.nextInt(100);
    try {
      int touched;
      if (dice < 38) {
        touched = placeOrder(tenant);
      } else if (dice < 70) {
        touched = moveOrderOn(tenant);
      } else if (dice < 80) {
        touched = happen(tenant, "page-view", random.nextLong(1_000_000));
      } else if (dice < 87) {
        touched = changePreferences(tenant);
      } else if (dice < 91) {
        touched = signUp(tenant);
      } else if (dice < 96) {
        touched = cancelOrder(tenant);
      } else {
        touched = clearOldEvents(tenant);
      }
      connection.commit();
      return touched;
    } catch (SQLException e) {
      if (!GIVEN_UP.contains(String.valueOf(e.getSQLState()))) {
        throw e;
      }
      connection.rollback();
      return 0;
    }
  }

  private int placeOrder(String tenant) throws SQLException {
    long customer = some(tenant, "customers");
    if (customer < 0) {
      return 0;
    }
    int lines = 1 + random.nextInt(4);
    int[] picks = random.ints(lines, 0, products.size()).toArray();
    int[] quantities = random.ints(lines, 1, 4).toArray();
    BigDecimal total = BigDecimal.ZERO;
    for (int i = 0; i < lines; i++) {
      total = total.add(prices.get(picks[i]).multiply(BigDecimal.valueOf(quantities[i])));
    }
    long order;
    try (ResultSet row =
        bind("INSERT INTO orders (tenant_id, customer_id, total) VALUES (?, ?, ?) RETURNING id", tenant, customer, total)
            .executeQuery()) {
      row.next();
      order = row.getLong(1);
    }
    for (int i = 0; i < lines; i++) {
      update(
          "INSERT INTO order_items (tenant_id, order_id, line, product, quantity, unit_price) VALUES (?, ?, ?, ?, ?, ?)",
          tenant, order, i + 1, products.get(picks[i]), quantities[i], prices.get(picks[i]));
    }
    return 1 + lines + happen(tenant, "order-placed", order);
  }

  /** Statuses only ever move forward: placed, paid, packed, shipped, delivered. */
  private int moveOrderOn(String tenant) throws SQLException {
    long order = some(tenant, "orders");
    int moved =
        update(
            """
            UPDATE orders SET status = (enum_range(status))[2], updated_at = clock_timestamp()
            WHERE tenant_id = ? AND id = ? AND status < 'delivered'
            """,
            tenant, order);
    return moved == 0 ? happen(tenant, "order-viewed", order) : moved + happen(tenant, "order-moved-on", order);
  }

  private int cancelOrder(String tenant) throws SQLException {
    long order = some(tenant, "orders");
    int items = update("DELETE FROM order_items WHERE tenant_id = ? AND order_id = ?", tenant, order);
    return items + update("DELETE FROM orders WHERE tenant_id = ? AND id = ?", tenant, order);
  }

  private int changePreferences(String tenant) throws SQLException {
    return update(
        "UPDATE customers SET preferences = preferences || jsonb_build_object('newsletter', ?, 'seen', ?) WHERE tenant_id = ? AND id = ?",
        random.nextBoolean(), random.nextInt(1000), tenant, some(tenant, "customers"));
  }

  private int signUp(String tenant) throws SQLException {
    return update(
        """
        INSERT INTO customers (tenant_id, name, email, city)
        SELECT ?, given[1 + n % array_length(given, 1)] || ' ' || family[1 + n % array_length(family, 1)],
               'guest-' || gen_random_uuid() || '@mail.example', city[1 + n % array_length(city, 1)]
        FROM stock.words, (SELECT ?::int AS n) pick
        """,
        tenant, random.nextInt(1 << 20));
  }

  private int happen(String tenant, String kind, long subject) throws SQLException {
    return update(
        "INSERT INTO events (tenant_id, kind, data) VALUES (?, ?, jsonb_build_object('subject', ?, 'milliseconds', ?))",
        tenant, kind, subject, random.nextInt(1000));
  }

  private int clearOldEvents(String tenant) throws SQLException {
    return update(
        "DELETE FROM events WHERE tenant_id = ? AND id IN (SELECT id FROM events WHERE tenant_id = ? ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED)",
        tenant, tenant);
  }

  /** The id of some row that nobody else is busy with, which is then locked; -1 when there is none. */
  private long some(String tenant, String table) throws SQLException {
    String lock = "orders".equals(table) ? "FOR UPDATE" : "FOR NO KEY UPDATE";
    String sql =
        """
        SELECT id FROM %1$s
        WHERE tenant_id = ? AND id >= (
          SELECT min(id) + (?::float8 * (max(id) - min(id)))::bigint FROM %1$s WHERE tenant_id = ?)
        ORDER BY id LIMIT 1 %2$s SKIP LOCKED
        """
            .formatted(table, lock);
    try (ResultSet row = bind(sql, tenant, random.nextDouble(), tenant).executeQuery()) {
      return row.next() ? row.getLong(1) : -1;
    }
  }

  private int update(String sql, Object... parameters) throws SQLException {
    return bind(sql, parameters).executeUpdate();
  }

  private PreparedStatement bind(String sql, Object... parameters) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      statements.put(sql, statement);
    }
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
    return statement;
  }

  private static Object array(Array array) throws SQLException {
    return array.getArray();
  }

  /** Closes its statements; the connection is its owner's. */
  @Override
  public void close() throws SQLException {
    for (PreparedStatement statement : statements.values()) {
      statement.close();
    }
  }
}
