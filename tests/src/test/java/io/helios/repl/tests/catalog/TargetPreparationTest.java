package io.helios.repl.tests.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.apply.TargetSchema;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.status.Finding;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetPreparationTest {

  private static final String SHOP =
      "CREATE SCHEMA shop; CREATE TYPE shop.kind AS ENUM ('a'); CREATE TABLE shop.t (a serial PRIMARY KEY, k shop.kind);"
          + "CREATE TABLE u (a int PRIMARY KEY)";

  @ParameterizedTest
  @ValueSource(ints = {15, 17, 18})
  void aRoleWithCreateOnTheDatabasePreparesAllByItselfAndTwiceIsOnce(int major) throws Exception {
    Pair pair = new Pair(Postgres.shared(major, "source"), SHOP, "");
    pair.run("GRANT CREATE ON DATABASE " + pair.targetDatabase + " TO " + pair.role + "; GRANT CREATE ON SCHEMA public TO "
        + pair.role + "; GRANT SET ON PARAMETER session_replication_role TO " + pair.role);
    assertThat(pair.check()).noneMatch(Finding::isError);

    assertThat(pair.prepare().statements())
        .anyMatch(s -> s.startsWith("CREATE TABLE IF NOT EXISTS \"shop\".\"t\""));

    assertThat(pair.plan().isEmpty()).isTrue();
    assertThat(pair.prepare().isEmpty()).isTrue();
    try (Connection target = pair.target()) {
      assertThat(TargetSchema.installedVersion(target)).isEqualTo(TargetSchema.VERSION);
    }
    assertThat(pair.check()).noneMatch(Finding::isError);
  }

  @Test
  void aRoleThatMayCreateNothingIsGivenTheSqlThatIsMissing() throws Exception {
    Pair pair = new Pair(Postgres.shared(17, "source"), SHOP, "");
    OperatorException schema = catchThrowableOfType(OperatorException.class, pair::prepare);
    assertThat(schema.problem().code()).isEqualTo(ErrorCode.TARGET_NOT_PREPARED);
    assertThat(schema.problem().hint()).isEqualTo("CREATE SCHEMA helios AUTHORIZATION \"" + pair.role + "\";");
    pair.run(schema.problem().hint());

    OperatorException tables = catchThrowableOfType(OperatorException.class, pair::prepare);
    assertThat(tables.problem().message())
        .isEqualTo("target \"shop-eu\" cannot be prepared by role \"" + pair.role + "\"");
    pair.run(tables.problem().hint());

    assertThat(pair.prepare().isEmpty()).isTrue();
    assertThat(pair.check()).filteredOn(Finding::isError).extracting(Finding::code)
        .containsExactly(ErrorCode.REPLICA_ROLE_NOT_PERMITTED);
  }

  @Test
  void aSchemaThatSomebodyElseMadeIsGranted() throws Exception {
    Pair pair = new Pair(Postgres.shared(17, "source"), "CREATE TABLE u (a int PRIMARY KEY)", "CREATE TABLE u (a int PRIMARY KEY)");
    pair.run("GRANT ALL ON u TO " + pair.role + "; GRANT SET ON PARAMETER session_replication_role TO " + pair.role);
    try (Connection superuser = pair.server.connect(pair.targetDatabase)) {
      TargetSchema.install(superuser);
    }
    OperatorException refused = catchThrowableOfType(OperatorException.class, pair::prepare);
    assertThat(pair.check()).filteredOn(Finding::isError).extracting(Finding::hint)
        .containsExactly(refused.problem().hint());

    pair.run(refused.problem().hint());

    assertThat(pair.check()).noneMatch(Finding::isError);
    assertThat(pair.prepare().isEmpty()).isTrue();
  }

  @Test
  void twoThatPrepareAtOnceBothSucceed() throws Exception {
    Pair pair = new Pair(Postgres.shared(17, "source"), SHOP, "").ready();
    pair.run("GRANT CREATE ON DATABASE " + pair.targetDatabase + " TO " + pair.role);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Callable<Object> prepare = pair::prepare;
      for (Future<Object> done : threads.invokeAll(java.util.List.of(prepare, prepare))) {
        done.get();
      }
    }
    assertThat(pair.plan().isEmpty()).isTrue();
  }
}
