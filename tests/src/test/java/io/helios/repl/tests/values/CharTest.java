package io.helios.repl.tests.values;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.TenantState;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.VersionPairs.VersionPair;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A {@code "char"} is one byte, whichever; PostgreSQL 15 changed how one beyond ASCII is written as text. */
class CharTest {

  private static final String TABLE = "CREATE TABLE codes (id int PRIMARY KEY, code \"char\", codes \"char\"[]%s)";
  private static final String BYTES =
      "SELECT id, charsend(code), array_send(codes) FROM codes ORDER BY id";
  private static final String HIGH = "(-61)::\"char\"";

  @TempDir Path directory;

  private Replication replicate(Database source, Database target) {
    return new Replication(directory, source, target, new Tenancy.ByDatabase(), null);
  }

  @Test
  void inBinaryItTravelsAcrossTheChange() throws Exception {
    inBinary(14, 17);
  }

  @ParameterizedTest
  @CsvSource({"17, 14", "14, 15", "15, 14"})
  @Tag("long")
  void inBinaryItTravelsBetweenAllVersions(int from, int to) throws Exception {
    inBinary(from, to);
  }

  private void inBinary(int from, int to) throws Exception {
    VersionPair versions = new VersionPair(from, to);
    Database source = versions.createSource();
    Database target = versions.createTarget();
    source.execute(TABLE.formatted(""), "INSERT INTO codes VALUES (1, " + HIGH + ", ARRAY[" + HIGH + ", 'a', '\\', NULL])");
    try (Replication replication = replicate(source, target)) {
      UUID all = replication.start("all");
      source.execute(
          "INSERT INTO codes SELECT i, (i % 256 - 128)::\"char\", ARRAY[" + HIGH + ", '\"'] FROM generate_series(2, 700) i",
          "UPDATE codes SET codes = ARRAY[code, '\\'] WHERE id % 2 = 0");
      replication.catchUp(all);
      replication.equal(BYTES);
    }
  }

  @Test
  void asTextToAnOlderServerItStopsItsTenantByNameAndNothingWrongArrives() throws Exception {
    asText(17, 14);
  }

  @ParameterizedTest
  @CsvSource({"14, 17", "14, 15", "15, 14"})
  @Tag("long")
  void asTextAcrossTheChangeItStopsItsTenantByNameAndNothingWrongArrives(int from, int to) throws Exception {
    asText(from, to);
  }

  /** Each tenant in another manner: a row, an array in it, so many rows that COPY brings them, an update. */
  private void asText(int from, int to) throws Exception {
    VersionPair versions = new VersionPair(from, to);
    Database source = versions.createSource();
    Database target = versions.createTarget();
    Map<String, String> changes =
        Map.of(
            "row", "INSERT INTO codes VALUES (2, " + HIGH + ", NULL, NULL, 'row')",
            "array", "INSERT INTO codes VALUES (2, '\\', ARRAY['a', " + HIGH + "], NULL, 'array')",
            "many", "INSERT INTO codes SELECT i, 'x', ARRAY[CASE WHEN i = 600 THEN " + HIGH + " END], NULL, 'many'"
                + " FROM generate_series(2, 700) i",
            "update", "UPDATE codes SET code = " + HIGH + " WHERE tenant_id = 'update'",
            "sound", "INSERT INTO codes VALUES (2, '\\', ARRAY['\\', '0', '3'], NULL, 'sound')");
    source.execute(
        "CREATE TABLE codes (id int, code \"char\", codes \"char\"[], span interval, tenant_id text,"
            + " PRIMARY KEY (tenant_id, id))");
    for (String tenant : changes.keySet()) {
      source.execute("INSERT INTO codes VALUES (1, 'a', ARRAY['a', '\\', '2', NULL, ''], NULL, '" + tenant + "')");
    }
    try (Replication replication =
        new Replication(directory, source, target, new Tenancy.ByColumn("tenant_id"), null)) {
      for (String tenant : changes.keySet()) {
        replication.start(tenant);
      }
      source.transaction(changes.values().toArray(String[]::new));
      for (String tenant : changes.keySet()) {
        UUID id = id(tenant);
        if (tenant.equals("sound")) {
          replication.catchUp(id);
        } else {
          refused(replication, id);
        }
      }
      assertThat(target.query("SELECT code, codes FROM codes WHERE tenant_id <> 'sound' OR id = 1"))
          .hasSize(5)
          .containsOnly("a|{a,\"\\\\\",2,NULL,\"\"}");
      // And through the copy, which meets it from the start.
      UUID row = id("row");
      for (String tenant : List.of("row", "array")) {
        replication.fleet.resyncTenant(id(tenant));
        await()
            .atMost(Replication.PATIENCE)
            .until(
                () ->
                    replication.events.stream()
                        .anyMatch(e -> tenant.equals(e.tenant()) && e.message().startsWith("COPYING to FAILED")));
        refused(replication, id(tenant));
      }
      source.execute("UPDATE codes SET code = 'b', codes = '{}' WHERE tenant_id = 'row' AND id = 2");
      replication.fleet.resyncTenant(row);
      replication.becomes(row, TenantState.STREAMING);
      replication.catchUp(row);
      replication.equal(
          "SELECT id, charsend(code), array_send(codes) FROM codes WHERE tenant_id IN ('row', 'sound') ORDER BY tenant_id, id");
    }
  }

  private static UUID id(String tenant) {
    return UUID.nameUUIDFromBytes(tenant.getBytes(StandardCharsets.UTF_8));
  }

  private static void refused(Replication replication, UUID tenant) {
    var error = Objects.requireNonNull(replication.becomes(tenant, TenantState.FAILED).error());
    assertThat(error.code()).isEqualTo(ErrorCode.TEXT_NOT_UTF8);
    assertThat(error.message()).contains("public.codes");
  }

  @ParameterizedTest
  @CsvSource({"17, 18", "18, 16", "15, 16", "16, 15"})
  @Tag("long")
  void asTextFrom15OnItTravels(int from, int to) throws Exception {
    VersionPair versions = new VersionPair(from, to);
    Database source = versions.createSource();
    Database target = versions.createTarget();
    source.execute(
        TABLE.formatted(", span interval"), "INSERT INTO codes VALUES (1, " + HIGH + ", ARRAY[" + HIGH + ", '\\', NULL])");
    try (Replication replication = replicate(source, target)) {
      UUID all = replication.start("all");
      source.execute(
          "INSERT INTO codes SELECT i, (i % 256 - 128)::\"char\", ARRAY[" + HIGH + ", '\"'] FROM generate_series(2, 700) i",
          "UPDATE codes SET codes = ARRAY[code, '\\'] WHERE id % 2 = 0");
      replication.catchUp(all);
      replication.equal(BYTES);
    }
  }
}
