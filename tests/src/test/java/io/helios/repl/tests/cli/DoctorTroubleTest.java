package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.tests.faults.DiskTmpfs;
import io.helios.repl.tests.fixture.Roles;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Trouble that is really there, what the doctor says of it, and that its hint ends it. */
class DoctorTroubleTest {

  @TempDir Path directory;

  private TestServer server;

  @BeforeEach
  void start() {
    server = new TestServer(directory);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private List<JsonNode> findings(ErrorCode code) {
    TestServer.Ran ran = server.run("doctor", "-o", "json");
    assertThat(ran.code()).as(ran.err()).isIn(0, 6);
    return ran.json().path("findings").valueStream().filter(f -> f.path("code").asString().equals(code.id())).toList();
  }

  private static String hint(List<JsonNode> findings) {
    assertThat(findings).hasSize(1);
    return findings.getFirst().path("hint").asString();
  }

  @Test
  void aDiskThatIsNearlyFullIsFoundUntilThereIsRoom() throws Exception {
    try (DiskTmpfs disk = DiskTmpfs.mount(directory.resolve("disk"), 400)) {
      server.restart(server.yaml().replaceAll("data-dir: .*", "data-dir: " + disk.path().resolve("data")));
      try {
        assertThat(findings(ErrorCode.DISK_NEARLY_FULL)).isEmpty();
        disk.fillUpTo(200);
        assertThat(findings(ErrorCode.DISK_NEARLY_FULL)).singleElement().satisfies(found -> {
          assertThat(found.path("severity").asString()).isEqualTo("ERROR");
          assertThat(found.path("message").asString()).contains("of 400 MiB left");
        });
        assertThat(server.run("doctor").code()).isEqualTo(6);
        disk.makeRoom();
        assertThat(findings(ErrorCode.DISK_NEARLY_FULL)).isEmpty();
      } finally {
        server.restart(server.yaml());
      }
    }
  }

  @Test
  void aVerificationThatIsTooOldIsFoundAndItsHintVerifiesAnew() throws Exception {
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait");
    server.done("verify", "run", "acme");
    assertThat(findings(ErrorCode.VERIFICATION_OLD)).isEmpty();
    long week = Duration.ofDays(8).toMillis() * 1000;
    try (Connection store = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("data").resolve("control.db"));
        Statement statement = store.createStatement()) {
      assertThat(
              statement.executeUpdate(
                  "UPDATE verification SET begun_micros = begun_micros - " + week + ", ended_micros = ended_micros - " + week))
          .isEqualTo(1);
    }
    String hint = hint(findings(ErrorCode.VERIFICATION_OLD));
    assertThat(hint).startsWith("helios-repl verify run acme");
    server.done(hint.substring("helios-repl ".length()).split(" "));
    assertThat(findings(ErrorCode.VERIFICATION_OLD)).isEmpty();
  }

  @Test
  void aRoleThatMayNotAskWhichServerItIsOnIsFoundAndStreamsAllTheSame() {
    String reader = Roles.source(server.source).user();
    String applier = Roles.target(server.target, 17).user();
    server.source.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    server.target.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    server.source.execute("CREATE PUBLICATION helios_shop FOR TABLE orders");
    server.restart(
        server.yaml()
            .replace(server.source.uri(), server.source.uri().replace("postgres@", reader + "@"))
            .replace(server.target.uri(), server.target.uri().replace("postgres@", applier + "@")));
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");

    server.source.execute(hint(findings(ErrorCode.SOURCE_IDENTITY_HIDDEN)));
    server.target.execute(hint(server.run("doctor", "-o", "json").json().path("findings").valueStream()
        .filter(f -> f.path("code").asString().equals(ErrorCode.TARGET_IDENTITY.id()) && f.path("severity").asString().equals("WARN"))
        .toList()));

    assertThat(findings(ErrorCode.SOURCE_IDENTITY_HIDDEN)).isEmpty();
    assertThat(findings(ErrorCode.TARGET_IDENTITY)).allMatch(f -> f.path("severity").asString().equals("INFO"));
  }
}
