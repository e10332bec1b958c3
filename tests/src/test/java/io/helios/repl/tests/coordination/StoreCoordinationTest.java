package io.helios.repl.tests.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.config.StoreLocation;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.server.ControlStore;
import io.helios.repl.server.StoreCoordination;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registers of {@code coordination: local}, in both databases that a control store may be. */
class StoreCoordinationTest {

  @TempDir private Path directory;

  private Coordination open(StoreLocation location) {
    return new StoreCoordination(ControlStore.open(location, directory));
  }

  @Nested
  class OnSqlite extends CoordinationContract {

    @Override
    Coordination open() {
      return StoreCoordinationTest.this.open(new StoreLocation.Sqlite());
    }

    @Test
    void areOneServersOwn() {
      assertThat(registers.isShared()).isFalse();
    }
  }

  @Nested
  class OnPostgres extends CoordinationContract {

    private final String database = Postgres.createDatabase(Postgres.shared(17, "source"));

    @Override
    Coordination open() {
      return StoreCoordinationTest.this.open(new StoreLocation.Postgres(Postgres.shared(17, "source").settings(database)));
    }

    @Test
    void areSharedByItsServers() {
      assertThat(registers.isShared()).isTrue();
    }

    @Test
    void aStoreThatIsGoneIsAnErrorThatMayHeal() {
      Postgres.execute(Postgres.shared(17, "source"), "postgres", "DROP DATABASE " + database + " WITH (FORCE)");
      assertThatThrownBy(() -> registers.swap("a", 0, "b"))
          .isInstanceOfSatisfying(
              TransientException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE));
    }
  }
}
