package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where no pg_dump is to be used, an operator knows before anything starts what will not come along. */
class LeftOutTest {

  @TempDir Path directory;

  @Test
  void whatIsLeftOutIsToldBeforeAnythingStartsAndAfterwards() {
    try (TestServer server = new TestServer(directory)) {
      server.source.execute(
          "CREATE SCHEMA t_acme; CREATE TABLE t_acme.orders (id int PRIMARY KEY)",
          "CREATE VIEW t_acme.many AS SELECT count(*) FROM t_acme.orders",
          "CREATE FUNCTION t_acme.one() RETURNS int LANGUAGE sql AS 'SELECT 1'");
      server.restart(
          "pg-dump: none\n"
              + server.yaml().replace("{ column: tenant_id }", "{ schema: \"t_{key}\" }").replace("public.*", "t_*.*"));
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");

      assertThat(server.done("tenant", "start", "acme", "--dry-run").out())
          .contains("left out: 1 function: t_acme.one()", "left out: 1 view: t_acme.many");
      assertThat(server.target.value("SELECT count(*) FROM pg_namespace WHERE nspname = 't_acme'")).isEqualTo("0");

      server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
      assertThat(server.done("events", "list", "--tenant", "acme").out())
          .contains("pg-dump: none", "left out: 1 function: t_acme.one(); 1 view: t_acme.many");
      assertThat(server.done("migrate", "start", "acme", "--dry-run").out())
          .contains("left out at shop-eu: 1 function: t_acme.one()");
      assertThat(server.run("migrate", "plan", "acme", "--rehearsals", "1").out())
          .contains("left out at shop-eu: 1 view: t_acme.many");
    }
  }
}
