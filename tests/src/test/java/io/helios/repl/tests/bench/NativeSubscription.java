package io.helios.repl.tests.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's own logical replication. */
final class NativeSubscription implements Contender {

  private final String name;
  private final String options;
  private @Nullable DatabasePair pair;
  private @Nullable String subscription;

  private NativeSubscription(String name, String options) {
    this.name = name;
    this.options = options;
  }

  static NativeSubscription defaults() {
    return new NativeSubscription("native, defaults", "");
  }

  static NativeSubscription fastest() {
    return new NativeSubscription("native, binary + parallel", ", binary = true, streaming = parallel");
  }

  /** The target's disk has what it says is applied. */
  static NativeSubscription durable() {
    return new NativeSubscription("native, synchronous_commit = local", ", synchronous_commit = local");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return "one PostgreSQL subscription of the table, "
        + (options.isEmpty() ? "with its default settings" : "`WITH (" + options.substring(2) + ")`");
  }

  /** The rows that are there already come by hand, since the copy is not what is measured. */
  @Override
  public void prepare(DatabasePair newPair) throws SQLException {
    pair = newPair;
    subscription = "bench_" + newPair.targetDatabase();
    try (Connection source = newPair.connectSource();
        Connection target = newPair.connectTarget()) {
      BenchTable.create(target);
      copy(source, target);
      BenchTable.execute(target, "VACUUM ANALYZE item");
      if ("0".equals(DatabasePair.value(source, "SELECT count(*) FROM pg_publication WHERE pubname = 'bench'"))) {
        BenchTable.execute(source, "CREATE PUBLICATION bench FOR TABLE item");
      }
      BenchTable.execute(
          target,
          "CREATE SUBSCRIPTION %s CONNECTION 'host=127.0.0.1 port=%d dbname=%s user=postgres' PUBLICATION bench WITH (enabled = false, copy_data = false%s)"
              .formatted(subscription, newPair.source().port(), newPair.sourceDatabase(), options));
    }
  }

  private static void copy(Connection source, Connection target) throws SQLException {
    var from = source.unwrap(org.postgresql.PGConnection.class).getCopyAPI().copyOut("COPY item TO STDOUT");
    var to = target.unwrap(org.postgresql.PGConnection.class).getCopyAPI().copyIn("COPY item FROM STDIN");
    for (byte[] rows = from.readFromCopy(); rows != null; rows = from.readFromCopy()) {
      to.writeToCopy(rows, 0, rows.length);
    }
    to.endCopy();
  }

  @Override
  public void start() throws SQLException {
    onTarget("ALTER SUBSCRIPTION " + subscription + " ENABLE");
  }

  @Override
  public void stop() throws SQLException {
    if (subscription != null) {
      onTarget("DROP SUBSCRIPTION " + subscription);
      subscription = null;
    }
  }

  private void onTarget(String sql) throws SQLException {
    try (Connection target = Objects.requireNonNull(pair).connectTarget()) {
      BenchTable.execute(target, sql);
    }
  }

  @Override
  public double cpuSeconds() {
    return 0;
  }

  @Override
  public void close() throws SQLException {
    stop();
  }
}
