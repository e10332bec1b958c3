package io.helios.repl.tests.resync;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.CopyLedger;
import io.helios.repl.pipeline.CopySettings;
import io.helios.repl.pipeline.TenantCopy;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.tests.copy.TwoDatabases;
import io.helios.repl.tests.fixture.CountingProxy;
import java.sql.Connection;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a resync moves is counted where it passes: everything, from and to both servers. */
class MovedBytesTest {

  private final UUID id = UUID.randomUUID();

  @Test
  void fewDifferencesMoveAFiftiethOfACopysBytesAtTheMost() throws Exception {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth("CREATE TABLE t (id int PRIMARY KEY, tenant_id int, at timestamptz, v text)");
    two.atSource(
        "INSERT INTO t SELECT i, 1, now(), repeat(md5(i::text), 6) FROM generate_series(1, 20000) i", "ANALYZE t");
    try (CountingProxy source = new CountingProxy(two.sourceServer.port());
        CountingProxy target = new CountingProxy(two.targetServer.port())) {
      TenantCopy copy = copy(two, source, target);
      copy.run();
      long copied = source.bytes() + target.bytes();
      two.atTarget(
          "UPDATE t SET v = v || 'x' WHERE id % 4000 = 1", "DELETE FROM t WHERE id IN (7, 9)", "INSERT INTO t VALUES (-1, 1)");
      try (Connection connection = two.connectTarget()) {
        new CopyLedger(id, "acme").reopen(connection);
      }

      TenantCopy resync = copy(two, source, target);
      resync.run();

      long moved = source.bytes() + target.bytes() - copied;
      assertThat(resync.progress().rows()).isEqualTo(7);
      assertThat(moved * 50).as("%,d bytes of %,d", moved, copied).isLessThan(copied);
      assertThat(resync.progress().bytes()).isBetween(moved / 3, moved);
      assertThat(two.targetRows("SELECT t::text FROM t ORDER BY id")).isEqualTo(two.sourceRows("SELECT t::text FROM t ORDER BY id"));
    }
  }

  private TenantCopy copy(TwoDatabases two, CountingProxy source, CountingProxy target) {
    return new TenantCopy(
        SourceSnapshots.ofWal(source.through(two.source())),
        target.through(two.target()),
        id,
        1,
        "acme",
        two.byColumn("1"),
        CopySettings.DEFAULT);
  }
}
