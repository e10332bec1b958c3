package io.helios.repl.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.OperatorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConnectionStringsTest {

  @TempDir Path directory;

  @Test
  void aFullUriGivesEveryPart() {
    ConnectionSettings settings =
        parse("postgresql://us%65r:p%40ss%3Aword@db.example:6432/my%2Fdb?sslmode=verify-full&connect_timeout=3");
    assertThat(settings.user()).isEqualTo("user");
    assertThat(settings.password()).isEqualTo("p@ss:word");
    assertThat(settings.host()).isEqualTo("db.example");
    assertThat(settings.port()).isEqualTo(6432);
    assertThat(settings.database()).isEqualTo("my/db");
    assertThat(settings.parameters()).isEqualTo(Map.of("sslmode", "verify-full", "connect_timeout", "3"));
    assertThat(settings.toString()).doesNotContain("p@ss");
  }

  @Test
  void whatIsLeftOutHasLibpqsDefaults() {
    ConnectionSettings settings = parse("postgres://");
    assertThat(settings.host()).isEqualTo("localhost");
    assertThat(settings.port()).isEqualTo(5432);
    assertThat(settings.user()).isEqualTo(System.getProperty("user.name"));
    assertThat(settings.database()).isEqualTo(settings.user());
    assertThat(settings.password()).isNull();
    assertThat(parse("postgresql://app@h").database()).isEqualTo("app");
  }

  @Test
  void queryParametersMayNameThePartsToo() {
    ConnectionSettings settings = parse("postgresql:///shop?host=10.0.0.1&port=5433&user=u&password=s+ecret");
    assertThat(settings.place()).isEqualTo("10.0.0.1:5433/shop");
    assertThat(settings.user()).isEqualTo("u");
    assertThat(settings.password()).isEqualTo("s+ecret");
  }

  @Test
  void ipv6HostsStandInBrackets() {
    assertThat(parse("postgresql://u@[::1]:5433/d").host()).isEqualTo("::1");
    assertThat(parse("postgresql://u@[::1]:5433/d").port()).isEqualTo(5433);
  }

  @Test
  void whatCannotBeUsedIsRefusedWithoutRepeatingTheSecret() {
    for (String uri :
        List.of(
            "mysql://u:hunter2@h/d",
            "postgresql://u:hunter2@h:port/d",
            "postgresql://u:hunter2@h/d?port=port",
            "postgresql://u:hunter2@h:99999/d",
            "postgresql://u:hunter2@a,b/d",
            "postgresql://u:hunter2%zz@h/d",
            "postgresql://u:hunter2%00@h/d",
            "postgresql://u:hunter2@%2Fvar%2Frun/d",
            "postgresql://u:hunter2@h/d?socketFactory=evil.Factory",
            "postgresql://u:hunter2@h/d?sslmode=hunter2",
            "postgresql://u:hunter2@h/d?connect_timeout=hunter2",
            "postgresql://u:hunter2@h/d?hunter2")) {
      assertThatThrownBy(() -> parse(uri))
          .as(uri)
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("HR-2004")
          .satisfies(e -> assertThat(((OperatorException) e).problem().toString()).doesNotContain("hunter2"));
    }
  }

  @Test
  void thePasswordFileGoesBeforeTheUriAndPgpassAfterIt() throws Exception {
    Path own = Files.writeString(directory.resolve("pw"), "from file\nrest");
    Path pgpass =
        Files.writeString(
            directory.resolve("pgpass"),
            "# comment\nother:*:*:*:no\nh:5432:d\\:b:u:wi\\:th\\\\colon\n*:*:*:*:any:thing\n");
    Files.setPosixFilePermissions(pgpass, PosixFilePermissions.fromString("rw-------"));
    Map<String, String> environment = Map.of("PGPASSFILE", pgpass.toString());

    assertThat(ConnectionStrings.parse("postgresql://u:uri@h/d", own, environment).password()).isEqualTo("from file");
    assertThat(ConnectionStrings.parse("postgresql://u:uri@h/d", null, environment).password()).isEqualTo("uri");
    assertThat(ConnectionStrings.parse("postgresql://u@h/d%3Ab", null, environment).password())
        .isEqualTo("wi:th\\colon");
    assertThat(ConnectionStrings.parse("postgresql://x@h/d", null, environment).password()).isEqualTo("any:thing");

    Files.setPosixFilePermissions(pgpass, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(ConnectionStrings.parse("postgresql://x@h/d", null, environment).password()).isNull();
    assertThatThrownBy(() -> ConnectionStrings.parse("postgresql://x@h/d", directory.resolve("none"), environment))
        .hasMessageContaining("cannot be read");
  }

  @Test
  void whatTheUriLeavesOpenComesFromLibpqsVariables() {
    Map<String, String> environment =
        Map.of("PGHOST", "db", "PGPORT", "6543", "PGDATABASE", "shop", "PGUSER", "helios", "PGSSLMODE", "verify-full");
    ConnectionSettings all = ConnectionStrings.parse("postgresql://", null, environment);
    assertThat(all.toString()).isEqualTo("ConnectionSettings[helios@db:6543/shop]");
    assertThat(all.parameters()).containsExactly(Map.entry("sslmode", "verify-full"));
    ConnectionSettings none = ConnectionStrings.parse("postgresql://u@h:1/d?sslmode=require", null, environment);
    assertThat(none.toString()).isEqualTo("ConnectionSettings[u@h:1/d]");
    assertThat(none.parameters()).containsExactly(Map.entry("sslmode", "require"));
    assertThatThrownBy(() -> ConnectionStrings.parse("postgresql://", null, Map.of("PGHOST", "/run/postgresql")))
        .hasMessageContaining("Unix socket");
  }

  @Test
  void aServiceGoesBeforeTheVariablesAndAfterTheUri() throws Exception {
    Path services =
        Files.writeString(directory.resolve("services"), "[shop]\nhost=db.internal\nport=6543\npassword=of the service\nsslmode=require\n");
    Map<String, String> environment = Map.of("PGSERVICEFILE", services.toString(), "PGHOST", "db", "PGUSER", "helios");
    ConnectionSettings settings = ConnectionStrings.parse("postgresql://:7000/shop?service=shop", null, environment);
    assertThat(settings.toString()).isEqualTo("ConnectionSettings[helios@db.internal:7000/shop]");
    assertThat(settings.password()).isEqualTo("of the service");
    assertThat(settings.parameters()).containsExactly(Map.entry("sslmode", "require"));
    assertThatThrownBy(() -> ConnectionStrings.parse("postgresql:///d?service=other", null, environment))
        .hasMessageContaining("does not have the service");
    assertThatThrownBy(() -> ConnectionStrings.parse("postgresql:///d?service=a", null, Map.of("PGSERVICEFILE", "/nowhere")))
        .hasMessageContaining("/nowhere cannot be read");
  }

  private static ConnectionSettings parse(String uri) {
    return ConnectionStrings.parse(uri, null, Map.of());
  }
}
