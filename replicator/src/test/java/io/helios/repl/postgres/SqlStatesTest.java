package io.helios.repl.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

class SqlStatesTest {

  @ParameterizedTest
  @ValueSource(strings = {"08006", "08001", "53100", "53300", "40001", "40P01", "55P03", "57P01", "57P03", "55006"})
  void lostConnectionsResourcesAndLocksPass(String state) {
    assertThat(SqlStates.isTransient(state)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"08004", "22P02", "23505", "25006", "28P01", "42501", "42P01", "42704", "55000", "XX000", "P0001"})
  void theRestNeedsSomebody(String state) {
    assertThat(SqlStates.isTransient(state)).isFalse();
  }

  @Test
  void aBrokenConnectionWithoutSqlStateIsTransient() {
    assertThat(SqlStates.isTransient(new SQLException("x", null, new IOException("reset")))).isTrue();
    assertThat(SqlStates.isTransient(new SQLException("x"))).isFalse();
  }

  @Test
  void detailNeverShowsAndNeitherDoValuesInMessages() {
    PSQLException duplicate =
        new PSQLException(
            new ServerErrorMessage(
                "SERROR\0C23505\0Mduplicate key value violates unique constraint \"t_pkey\"\0"
                    + "DKey (email)=(secret@example.com) already exists.\0sS\0tT\0nt_pkey\0"));
    PSQLException value =
        new PSQLException(
            new ServerErrorMessage("SERROR\0C22P02\0Minvalid input syntax for type integer: \"secret@example.com\"\0"));

    OperatorException first =
        (OperatorException) SqlStates.classify(duplicate, ErrorCode.SOURCE_QUERY_FAILED, "it failed", "run this");
    assertThat(first.problem().why()).contains("t_pkey", "23505", "table T").doesNotContain("secret");
    assertThat(trace(first)).doesNotContain("secret");

    Throwable second = SqlStates.classify(value, ErrorCode.SOURCE_QUERY_FAILED, "it failed", "run this");
    assertThat(trace(second)).contains("22P02").doesNotContain("secret");
    assertThat(SqlStates.classify(new SQLException("gone", "57P01"), ErrorCode.UNREACHABLE, "m", "h"))
        .isInstanceOf(TransientException.class);
  }

  private static String trace(Throwable e) {
    StringWriter text = new StringWriter();
    e.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
