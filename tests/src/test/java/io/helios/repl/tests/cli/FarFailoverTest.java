package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.tests.faults.CrashServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A tenant is failed over to a target that only another region's server reaches: its own server promotes it through that one. */
@Tag("long")
class FarFailoverTest {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path directory;

  private static JsonNode status(TwoRegions regions) {
    return regions.done("failover", "status", "acme", "-o", "json").json();
  }

  private static void reaches(TwoRegions regions, String oldSource) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(status(regions).path("oldSource").asString()).as(() -> status(regions).toString()).isEqualTo(oldSource));
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoch", "lease"})
  void overAndBack(String fencing) throws Exception {
    try (CrashServer postgres = new CrashServer(17, directory.resolve("pg"), Map.of("max_wal_size", "256MB"));
        TwoRegions regions = new TwoRegions(directory, postgres.database())) {
      regions.done("tenant", "create", "acme", "--source", "shop", "--target", "eu/shop-eu", "--fencing", fencing);
      regions.done("tenant", "start", "acme", "--wait", "--timeout", "120s");
      if (fencing.equals("lease")) {
        await().atMost(PATIENCE).until(() -> !regions.source().value(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal").equals("0"));
      }
      await().atMost(PATIENCE).ignoreExceptions().until(() -> {
        regions.source().execute("INSERT INTO orders VALUES ('acme', 1000, 'at the old home')");
        return true;
      });
      await().atMost(PATIENCE).until(() -> regions.target().value("SELECT count(*) FROM orders WHERE tenant_id = 'acme'").equals("101"));
      postgres.crash();
      assertThat(regions.done("failover", "run", "acme", "--confirm=acme", "-o", "json").json().path("epoch").asLong()).isEqualTo(2);
      await().atMost(PATIENCE).ignoreExceptions().until(() -> {
        regions.target().execute("INSERT INTO orders VALUES ('acme', 1001, 'at the new home')");
        return true;
      });

      postgres.start();
      reaches(regions, "following");
      assertThat(status(regions).path("unreplicated").path("transactions").asLong()).isZero();
      assertThatThrownBy(() -> regions.source().execute("INSERT INTO orders VALUES ('acme', 1002, 'x')")).rootCause().hasMessageContaining("acme");
      await().atMost(PATIENCE).until(() -> regions.source().value("SELECT count(*) FROM orders WHERE tenant_id = 'acme'").equals("102"));

      regions.done("failover", "failback", "acme", "--max-pause", "5s", "--confirm=acme", "--timeout", "120s");
      await().atMost(PATIENCE).ignoreExceptions().until(() -> {
        regions.source().execute("INSERT INTO orders VALUES ('acme', 1003, 'back')");
        return true;
      });
      assertThatThrownBy(() -> regions.target().execute("INSERT INTO orders VALUES ('acme', 1004, 'x')")).rootCause().hasMessageContaining("acme");
      await().atMost(PATIENCE).until(() -> regions.target().value("SELECT count(*) FROM orders WHERE tenant_id = 'acme'").equals("103"));
    }
  }
}
