package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.apply.TargetSchema;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.OperatorException;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetSchemaTest {

  @ParameterizedTest
  @ValueSource(ints = {14, 17, 18})
  void itIsInstalledOnceAndNobodyElseMayLook(int major) throws SQLException {
    LocalPostgres server = Postgres.shared(major, "source");
    String database = Postgres.createDatabase(server);
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement()) {
      // What the installer finds in public and in its own settings is not what it uses.
      statement.execute("CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'");
      assertThat(TargetSchema.installedVersion(connection)).isZero();
      TargetSchema.install(connection);
      TargetSchema.install(connection);
      for (String sql : TargetSchema.statements()) {
        statement.execute(sql);
      }
      assertThat(TargetSchema.installedVersion(connection)).isEqualTo(TargetSchema.VERSION);
      assertThat(connection.getAutoCommit()).isTrue();
      statement.execute("CREATE ROLE nobody_" + database);
      statement.execute("SET ROLE nobody_" + database);
      assertThatThrownBy(() -> statement.execute("SELECT FROM helios.replica")).hasMessageContaining("permission denied");
      statement.execute("RESET ROLE");

      statement.execute("UPDATE helios.version SET version = 99");
      assertThatThrownBy(() -> TargetSchema.install(connection)).isInstanceOf(OperatorException.class)
          .hasMessageContaining("99");
    }
  }
}
