package io.helios.repl.tests.values;

import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.VersionPairs.VersionPair;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** Every value through everything that carries values: the copy, and each way in which the applier writes. */
final class ValueReplication {

  private final Path directory;
  private final Database source;
  private final Database target;

  ValueReplication(Path directory, Database source, Database target) {
    this.directory = directory;
    this.source = source;
    this.target = target;
  }

  /** The types that both servers know, with their values. */
  static List<Samples> samples(VersionPair versions, Database source, Database target) {
    boolean xml = hasXml(source) && hasXml(target);
    List<Samples> samples = new ArrayList<>(Samples.all(Math.min(versions.source(), versions.target()), xml));
    samples.addAll(extensions(source, target));
    return samples;
  }

  /** Makes the types at the source, then replicates all samples. */
  void run(List<Samples> samples, Runnable beforeStart) throws Exception {
    source.execute(Samples.TYPES.toArray(String[]::new));
    for (String extension : neededBy(samples)) {
      source.execute("CREATE EXTENSION " + extension + " SCHEMA things");
    }
    try (ValueTables tables = ValueTables.create(source, target, samples)) {
      beforeStart.run();
      try (Replication replication = new Replication(directory, source, target, new Tenancy.ByDatabase(), null)) {
        UUID tenant = replication.start("all");
        tables.assertEqual();
        tables.watchSets();
        for (Step step : List.<Step>of(
            tables::insertSome,
            tables::insertMany,
            tables::updateAndDelete,
            tables::moveKeys,
            tables::changeLoose,
            tables::changeSets,
            tables::updateSets,
            tables::deleteSets,
            tables::changeOneByOne)) {
          step.run();
          replication.catchUp(tenant);
        }
        tables.assertEqual();
        tables.assertSets();
      }
    }
  }

  private interface Step {
    void run() throws SQLException;
  }

  private static boolean hasXml(Database database) {
    try {
      return !database.query("SELECT '<a/>'::xml").isEmpty();
    } catch (IllegalStateException withoutLibxml) {
      return false;
    }
  }

  private static List<Samples> extensions(Database source, Database target) {
    String sql = "SELECT name FROM pg_available_extensions";
    Set<String> there = Set.copyOf(target.query(sql));
    Set<String> both = source.query(sql).stream().filter(there::contains).collect(Collectors.toSet());
    List<Samples> samples = new ArrayList<>();
    if (both.contains("hstore")) {
      Samples.text(samples, "things.hstore", "''", "'\"a b\"=>NULL, \"\\\\\\\"\"=>\"\", \"N\"=>\"NULL\", \",\"=>\"=>\"'");
    }
    if (both.contains("citext")) {
      Samples.text(samples, "things.citext", "''", "'MiXed ÄÖ'", "E'\\\\N\\t'");
    }
    if (both.contains("ltree")) {
      Samples.text(samples, "things.ltree", "''", "'Top.Science.a_1'");
    }
    if (both.contains("cube")) {
      Samples.text(samples, "things.cube", "'(0.1,-0)'", "'(1,2),(3,4)'");
    }
    return samples;
  }

  private static List<String> neededBy(List<Samples> samples) {
    return samples.stream()
        .map(s -> s.type().replace("things.", ""))
        .filter(Set.of("hstore", "citext", "ltree", "cube")::contains)
        .toList();
  }
}
