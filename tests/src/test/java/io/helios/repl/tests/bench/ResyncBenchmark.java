package io.helios.repl.tests.bench;

import io.helios.repl.apply.CopyLedger;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.change.TenantTable;
import io.helios.repl.pipeline.CopySettings;
import io.helios.repl.pipeline.TenantCopy;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.CountingProxy;
import java.sql.Connection;
import java.util.List;
import java.util.UUID;

/**
 * A tenant of a million rows is copied; then a hundred of its rows differ and it is resynced. Seconds are taken over direct
 * connections, bytes by a proxy before each server that counts everything that passes, both ways.
 */
final class ResyncBenchmark {

  private static final int ROWS = 1_000_000;
  private static final int TENANT = 1;
  private static final List<String> TAMPERING =
      List.of(
          "UPDATE item SET title = title || 'x' WHERE id % 20000 = 1",
          "DELETE FROM item WHERE id % 40000 = 2",
          "INSERT INTO item"
              + " SELECT " + TENANT + ", 9000000 + i, 'extra', 1, 0, '{}', now() FROM generate_series(1, 25) i");

  private record Run(double seconds, long sourceBytes, long targetBytes, long rows) {}

  private final Servers servers;
  private final UUID id = UUID.randomUUID();

  ResyncBenchmark(Servers servers) {
    this.servers = servers;
  }

  String run() throws Exception {
    DatabasePair pair = servers.newPair(1);
    try (CountingProxy source = new CountingProxy(pair.source().port());
        CountingProxy target = new CountingProxy(pair.target().port())) {
      prepare(pair);
      Run copy = copy(pair, source, target, false);
      Run resync = resync(pair, source, target, false);
      Run copyCounted = copy(pair, source, target, true);
      Run resyncCounted = resync(pair, source, target, true);
      String text =
          "One table of %s rows, %s MiB at the source; 100 of them differ at the target: 50 altered, 25 missing, 25 extra.%n%n"
                  .formatted(Figures.thousands(ROWS), Figures.thousands(size(pair) / 1048576.0))
              + "| | seconds | rows brought | KiB from and to the source | KiB from and to the target |\n| --- | ---: | ---: | ---: | ---: |\n"
              + line("`tenant resync --copy`", copy, copyCounted)
              + line("`tenant resync`", resync, resyncCounted)
              + "%nThe resync moves %s times fewer bytes than the copy.%n"
                  .formatted(
                      Figures.thousands(
                          (double) (copyCounted.sourceBytes() + copyCounted.targetBytes())
                              / (resyncCounted.sourceBytes() + resyncCounted.targetBytes())));
      System.out.print(text);
      return text;
    } finally {
      servers.drop(pair);
    }
  }

  private static String line(String name, Run timed, Run counted) {
    return "| %s | %s | %s | %s | %s |%n"
        .formatted(
            name,
            Figures.seconds(timed.seconds()),
            Figures.thousands(timed.rows()),
            Figures.thousands(counted.sourceBytes() / 1024.0),
            Figures.thousands(counted.targetBytes() / 1024.0));
  }

  private static void prepare(DatabasePair pair) throws Exception {
    try (Connection source = pair.connectSource();
        Connection target = pair.connectTarget()) {
      BenchTable.create(source);
      BenchTable.create(target);
      BenchTable.fill(source, 1, ROWS - 1);
      TargetSchema.install(target);
    }
  }

  private static long size(DatabasePair pair) throws Exception {
    try (Connection source = pair.connectSource()) {
      return Long.parseLong(DatabasePair.value(source, "SELECT pg_table_size('item')"));
    }
  }

  private Run copy(DatabasePair pair, CountingProxy source, CountingProxy target, boolean counted) throws Exception {
    DatabasePair.execute(
        pair.target(), pair.targetDatabase(), "TRUNCATE item", "DELETE FROM helios.copied_table");
    return measure(pair, source, target, counted);
  }

  private Run resync(DatabasePair pair, CountingProxy source, CountingProxy target, boolean counted) throws Exception {
    DatabasePair.execute(pair.target(), pair.targetDatabase(), TAMPERING.toArray(String[]::new));
    try (Connection connection = pair.connectTarget()) {
      new CopyLedger(id, "bench").reopen(connection);
    }
    return measure(pair, source, target, counted);
  }

  private Run measure(DatabasePair pair, CountingProxy source, CountingProxy target, boolean counted) throws Exception {
    servers.settle();
    ConnectionSettings from = pair.source().settings(pair.sourceDatabase());
    ConnectionSettings to = pair.target().settings(pair.targetDatabase());
    List<TenantTable> tables;
    try (Connection connection = pair.connectSource()) {
      tables =
          TenantTable.of(
              Catalog.tables(connection, (schema, table) -> true),
              new Tenancy.ByColumn("tenant_id"),
              "" + TENANT,
              TableFilter.ALL,
              null);
    }
    TenantCopy copy =
        new TenantCopy(
            SourceSnapshots.ofWal(counted ? source.through(from) : from),
            counted ? target.through(to) : to,
            id,
            1,
            "bench",
            tables,
            CopySettings.DEFAULT);
    long sourceBefore = source.bytes();
    long targetBefore = target.bytes();
    long started = System.nanoTime();
    copy.run();
    double seconds = (System.nanoTime() - started) / 1e9;
    String rows = "SELECT count(*) || ' ' || sum(hashtext(item::text)) FROM item";
    try (Connection left = pair.connectSource();
        Connection right = pair.connectTarget()) {
      if (!DatabasePair.value(left, rows).equals(DatabasePair.value(right, rows))) {
        throw new IllegalStateException("the sides differ");
      }
    }
    return new Run(seconds, source.bytes() - sourceBefore, target.bytes() - targetBefore, copy.progress().rows());
  }
}
