package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.ReplicaTenant;
import java.sql.SQLException;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random transactions over few keys, so that everything meets everything in a batch: what is applied in batches must be
 * what the source has, and no row may count as a conflict.
 */
class ApplyPropertyTest {

  private static final int TENANTS = 3;
  private static final int KEYS = 12;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void batchesGiveWhatTheSourceHas(long seed) throws SQLException {
    Random random = new Random(seed);
    try (ApplyFixture fixture = ApplyFixture.shared(
        "CREATE TABLE keyed (tenant_id int, id int, v text, n int, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE uniq (tenant_id int, id int, u int, v text, PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, u))",
        "CREATE TABLE toast (tenant_id int, id int, v text, big text, PRIMARY KEY (tenant_id, id))",
        "ALTER TABLE toast ALTER big SET STORAGE EXTERNAL",
        "CREATE TABLE bare (tenant_id int, id int, v text)", "ALTER TABLE bare REPLICA IDENTITY FULL",
        "CREATE TABLE late (tenant_id int, id int, u int, PRIMARY KEY (tenant_id, id),"
            + " UNIQUE (tenant_id, u) DEFERRABLE INITIALLY DEFERRED)")) {
      fixture.binary = random.nextBoolean();
      fixture.changesPerFrame = 1 + random.nextInt(30);
      fixture.settings = Settings.batches(1 + random.nextInt(60));
      for (int tenant = 1; tenant <= TENANTS; tenant++) {
        fixture.tenant(String.valueOf(tenant));
      }
      for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 40; i++) {
          String[] statements = new String[1 + random.nextInt(5)];
          for (int s = 0; s < statements.length; s++) {
            statements[s] = statement(random);
          }
          fixture.transaction(statements);
        }
        fixture.apply();
        for (ReplicaTenant tenant : fixture.tenants.values()) {
          assertThat(tenant.status().error()).isNull();
          assertThat(tenant.status().conflicts()).isZero();
        }
        for (String table : new String[] {"keyed", "uniq", "toast", "bare", "late"}) {
          String rows = "SELECT t::text FROM " + table + " t ORDER BY 1";
          assertThat(fixture.target(rows)).as("%s, seed %d", table, seed).isEqualTo(fixture.source(rows));
        }
      }
    }
  }

  /** Statements that meet a taken unique value do nothing, so that no transaction fails. */
  private static String statement(Random random) {
    int tenant = 1 + random.nextInt(TENANTS);
    int id = random.nextInt(KEYS);
    int other = random.nextInt(KEYS);
    String where = " WHERE tenant_id = " + tenant + " AND id = " + id;
    String free = " AND NOT EXISTS (SELECT FROM %s x WHERE x.tenant_id = " + tenant + " AND x.%s = " + other + ")";
    return switch (random.nextInt(24)) {
      case 0, 1, 2 -> "INSERT INTO keyed VALUES (" + tenant + ", " + id + ", 'v" + other + "', 0) ON CONFLICT DO NOTHING";
      case 3, 4 -> "UPDATE keyed SET n = n + 1, v = " + (other % 3 == 0 ? "NULL" : "'w" + other + "'") + where;
      case 5 -> "DELETE FROM keyed" + where;
      case 6 -> "UPDATE keyed SET id = " + other + where + free.formatted("keyed", "id");
      case 7, 8 -> "INSERT INTO uniq VALUES (" + tenant + ", " + id + ", " + other + ", 'v') ON CONFLICT DO NOTHING";
      case 9, 10 -> "UPDATE uniq SET u = " + other + where + free.formatted("uniq", "u");
      case 11 -> "DELETE FROM uniq" + where;
      case 12, 13 -> "INSERT INTO toast VALUES (" + tenant + ", " + id + ", 'v', repeat('" + other
          + "x', 3000)) ON CONFLICT DO NOTHING";
      case 14 -> "UPDATE toast SET v = 'w" + other + "'" + where;
      case 15 -> "UPDATE toast SET big = repeat('" + other + "', 4000)" + where;
      case 16 -> "UPDATE toast SET id = " + other + where + free.formatted("toast", "id");
      case 17 -> random.nextBoolean() ? "DELETE FROM toast" + where : "TRUNCATE keyed";
      case 18, 19 -> "INSERT INTO bare VALUES (" + tenant + ", " + id % 3 + ", 'v')";
      case 20 -> "UPDATE bare SET v = v || 'x' WHERE ctid = (SELECT max(ctid) FROM bare WHERE tenant_id = " + tenant + ")";
      case 21 -> "DELETE FROM bare WHERE ctid = (SELECT min(ctid) FROM bare WHERE tenant_id = " + tenant + ")";
      case 22 -> "INSERT INTO late VALUES (" + tenant + ", " + id + ", " + (100 + id) + ") ON CONFLICT (tenant_id, id) DO NOTHING";
      default -> "UPDATE late SET u = 200 - u WHERE tenant_id = " + tenant;
    };
  }
}
