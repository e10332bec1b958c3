package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.server.FleetMaker;
import io.helios.repl.tests.faults.CrashServer;
import io.helios.repl.tests.fixture.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant with {@code fencing: lease} is failed over and back: it can be written only where its server renews a lease. */
@Tag("long")
class LeasedFailoverTest {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir Path directory;

  private int last = 1000;

  private void write(Database home) {
    home.execute("INSERT INTO orders VALUES ('acme', " + ++last + ", 'x')");
  }

  private void takes(Database home) {
    await().atMost(PATIENCE).ignoreExceptions().until(() -> {
      write(home);
      return true;
    });
  }

  private void closes(Database home) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThatThrownBy(() -> write(home)).rootCause().hasMessageContaining("HR-8301"));
  }

  private static void reaches(TestServer server, String field, String value) {
    await()
        .atMost(PATIENCE)
        .until(() -> server.done("failover", "status", "acme", "-o", "json").json().path(field).asString().equals(value));
  }

  @Test
  void itsHomesAreClosedWhereItsServerIsNotAndOpenOneAfterTheOther() throws Exception {
    try (CrashServer postgres = new CrashServer(17, directory.resolve("pg"), Map.of("max_wal_size", "256MB"));
        TestServer server = new TestServer(directory, FleetMaker.standard(Map.of()), postgres.database())) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu", "--fencing", "lease");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      await()
          .atMost(PATIENCE)
          .until(() -> server.source.value("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal").compareTo("0") > 0);
      server.server().close();
      closes(server.source);
      server.restart(server.yaml());
      takes(server.source);

      postgres.crash();
      assertThat(server.done("failover", "run", "acme", "--confirm=acme", "-o", "json").json().path("epoch").asLong()).isEqualTo(2);
      takes(server.target);
      server.server().close();
      closes(server.target);
      server.restart(server.yaml());
      takes(server.target);

      postgres.start();
      reaches(server, "oldSource", "following");
      assertThatThrownBy(() -> write(server.source)).rootCause().hasMessageContaining("acme");
      takes(server.target);
      assertThat(server.done("tenant", "describe", "acme").out()).containsPattern("(?i)fencing\\W+lease");
      server.done("failover", "failback", "acme", "--max-pause", "5s", "--confirm=acme", "--timeout", "120s");
      takes(server.source);
      assertThatThrownBy(() -> write(server.target)).rootCause().hasMessageContaining("acme");
      server.server().close();
      closes(server.source);
    }
  }
}
