package io.helios.repl.tests.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Two shards have given out the same ids, and their tenants meet in the same tables of a target. */
class KeyCollisionTest {

  @Test
  void collidingKeysAreCountedAndListedBeforeTheFirstRowIsWritten() {
    TwoDatabases two = TwoDatabases.of(17);
    two.atBoth(
        "CREATE TABLE a_large (tenant_id int, id int, pad text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE item (id bigint CONSTRAINT item_key PRIMARY KEY, tenant_id int, mail text, gone boolean, n numeric)",
        "CREATE UNIQUE INDEX item_mail ON item (lower(mail)) WHERE NOT gone",
        "CREATE UNIQUE INDEX item_own ON item (tenant_id, n)");
    two.atSource(
        "INSERT INTO a_large SELECT 1, i, repeat('x', 500) FROM generate_series(1, 2000) i",
        "INSERT INTO item SELECT 918270 + i, 1, 'Mail' || i, i = 9, i FROM generate_series(1, 9) i");
    two.atTarget(
        "INSERT INTO item SELECT 918270 + i, 2, 'other' || i, false, i FROM generate_series(1, 3) i",
        "INSERT INTO item VALUES (5, NULL, 'MAIL4', false, 1), (6, 2, 'MAIL9', false, 6), (7, 2, 'MAIL5', true, 7)");
    String others = "SELECT t::text FROM item t WHERE tenant_id IS DISTINCT FROM 1 ORDER BY id";
    var before = two.targetRows(others);
    UUID tenant = UUID.randomUUID();
    String list = "SELECT table_name || kind || row_key::text FROM helios.conflict WHERE tenant = '" + tenant + "' ORDER BY id";
    for (int attempt = 0; attempt < 2; attempt++) {
      OperatorException refused =
          catchThrowableOfType(OperatorException.class, () -> two.copy(tenant, two.byColumn("1")).run());
      assertThat(refused.problem().code()).isEqualTo(ErrorCode.COPY_KEY_TAKEN);
      assertThat(refused.problem().message())
          .contains("3 in public.item (\"item_key\"), 1 in public.item (\"item_mail\")")
          .doesNotContain("item_own");
      assertThat(refused.problem().toString()).contains(tenant.toString()).doesNotContain("91827", "ail4", "AIL4");
      assertThat(refused).hasNoCause();
      assertThat(two.targetRows("SELECT 1 FROM a_large UNION ALL SELECT 1 FROM item WHERE tenant_id = 1")).isEmpty();
      assertThat(two.targetRows(list))
          .containsExactlyInAnyOrder(
              "itemkey_taken{\"id\": \"918271\"}",
              "itemkey_taken{\"id\": \"918272\"}",
              "itemkey_taken{\"id\": \"918273\"}",
              "itemkey_taken{\"gone\": \"false\", \"mail\": \"Mail4\"}");
    }
    assertThat(two.targetRows(others)).isEqualTo(before);

    two.atTarget("DELETE FROM item WHERE id > 918000 OR mail = 'MAIL4'");
    two.copy(tenant, two.byColumn("1")).run();
    assertThat(two.targetRows("SELECT t::text FROM item t WHERE tenant_id = 1 ORDER BY id"))
        .isEqualTo(two.sourceRows("SELECT t::text FROM item t ORDER BY id"));
    assertThat(two.targetRows(list)).isEmpty();
  }
}
