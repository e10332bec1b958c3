package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.server.FleetMaker;
import io.helios.repl.server.HeliosServer;
import io.helios.repl.tests.cli.TestServer.Ran;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerTest {

  @TempDir Path directory;

  private static String permissions(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<Path> list(Path path) throws Exception {
    try (Stream<Path> files = Files.list(path)) {
      return files.toList();
    }
  }

  @Test
  void theDataDirectoryAndTheTokenAreTheOwnersAlone() throws Exception {
    try (TestServer server = new TestServer(directory)) {
      Path data = directory.resolve("data");
      assertThat(permissions(data)).isEqualTo("rwx------");
      assertThat(permissions(data.resolve("token"))).isEqualTo("rw-------");
      Path state = directory.resolve("state").resolve("helios-repl");
      assertThat(permissions(state)).isEqualTo("rwx------");
      assertThat(list(state))
          .singleElement()
          .satisfies(
              f -> {
                assertThat(f.getFileName()).hasToString("127.0.0.1_" + server.server().address().getPort() + ".token");
                assertThat(permissions(f)).isEqualTo("rw-------");
                assertThat(Files.readString(f).strip()).isEqualTo(server.server().token()).hasSize(43);
              });
      server.close();
      assertThat(list(state)).isEmpty();
    }
  }

  @Test
  void aSecondServerOnTheSameDataDirectoryIsToldWhoHasIt() {
    try (TestServer server = new TestServer(directory)) {
      assertThatThrownBy(
              () ->
                  HeliosServer.start(
                      server.configuration(server.yaml()), FleetMaker.standard(Map.of()), server.environment()))
          .isInstanceOfSatisfying(
              OperatorException.class,
              e -> {
                assertThat(e.problem().code()).isEqualTo(ErrorCode.DATA_DIRECTORY_IN_USE);
                assertThat(e.problem().message()).contains("process " + ProcessHandle.current().pid());
              });
      assertThat(server.done("tenant", "list").code()).isZero();
    }
  }

  @Test
  void anAddressThatIsTakenIsNamed() {
    try (TestServer server = new TestServer(directory)) {
      String yaml =
          server
              .yaml()
              .replace("127.0.0.1:0", "127.0.0.1:" + server.server().address().getPort())
              .replace(directory.resolve("data").toString(), directory.resolve("other").toString());
      assertThatThrownBy(
              () -> HeliosServer.start(server.configuration(yaml), FleetMaker.standard(Map.of()), server.environment()))
          .isInstanceOfSatisfying(
              OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.LISTEN_FAILED));
      assertThat(server.done("tenant", "list").code()).as("the first one goes on").isZero();
    }
  }

  @Test
  void tenantsTokenAndHistorySurviveARestart() {
    try (TestServer server = new TestServer(directory)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "create", "globex", "--source", "shop", "--target", "shop-eu");
      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      String token = server.server().token();
      server.restart(server.yaml());
      assertThat(server.server().token()).isEqualTo(token);
      assertThat(server.done("tenant", "wait", "acme", "--for", "streaming", "--timeout", "60s", "-o", "name").out())
          .isEqualTo("acme\n");
      assertThat(server.done("tenant", "status", "globex", "-o", "json").json().path("state").asString())
          .isEqualTo("CREATED");
      assertThat(server.done("tenant", "describe", "acme", "-o", "json").json().path("events").toString())
          .contains("tenant-created", "tenant-start");
    }
  }

  @Test
  void aTenantWhoseSourceHasLeftTheConfigurationShowsAsFailedAndCanBeDeleted() {
    try (TestServer server = new TestServer(directory)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.restart(server.yaml().replace("  shop: {", "  shop2: {"));
      Ran status = server.done("tenant", "status", "acme", "-o", "json");
      assertThat(status.json().path("state").asString()).isEqualTo("FAILED");
      assertThat(status.json().path("error").path("code").asString()).isEqualTo("HR-1302");
      assertThat(server.run("tenant", "start", "acme").code()).isEqualTo(5);
      server.done("tenant", "delete", "acme", "--confirm=acme");
    }
  }

  @Test
  void whenTheStoreBreaksCommandsThatNeedItFailAndStatusGoesOn() throws Exception {
    try (TestServer server = new TestServer(directory)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      try (Connection store =
          DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("data").resolve("control.db"))) {
        store.createStatement().execute("DROP TABLE tenant");
      }
      Ran created = server.run("tenant", "create", "b", "--source", "shop", "--target", "shop-eu");
      assertThat(created.code()).isEqualTo(1);
      assertThat(created.err()).contains("error HR-9006", "replication goes on");
      assertThat(server.run("tenant", "start", "acme").code()).isEqualTo(1);
      assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString())
          .isEqualTo("CREATED");
      assertThat(server.run("tenant", "status", "b").code()).isEqualTo(5);
    }
  }

  @Test
  void theControlStoreMayBeInPostgres() {
    try (TestServer server = new TestServer(directory)) {
      server.restart(server.yaml() + "store: " + server.target.uri() + "\n");
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      server.restart(server.yaml() + "store: " + server.target.uri() + "\n");
      assertThat(server.done("tenant", "list", "-o", "name").out()).isEqualTo("acme\n");
      assertThat(server.target.value("SELECT name FROM helios_control.tenant")).isEqualTo("acme");
    }
  }
}
