package io.helios.repl.pipeline;

import io.helios.repl.capture.RunningTransactions;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/**
 * Waits for the transactions of a database that began before something was committed there: they may not see it, and may
 * write as if it were not there (the reason why CREATE INDEX CONCURRENTLY waits, too).
 */
final class OlderTransactions {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration TURN = Duration.ofMillis(20);

  private OlderTransactions() {}

  /**
   * @param connection in autocommit mode
   * @throws TransientException when one of them lasts
   */
  static void await(Connection connection, String home, String tenant, Ticker ticker)
      throws SQLException, InterruptedException {
    await(connection, home, tenant, ticker, PATIENCE);
  }

  /** The same, for as long as the caller has. */
  static void await(Connection connection, String home, String tenant, Ticker ticker, Duration patience)
      throws SQLException, InterruptedException {
    RunningTransactions before = RunningTransactions.read(connection, false);
    long until = ticker.nanos() + patience.toNanos();
    while (true) {
      RunningTransactions now = RunningTransactions.read(connection, false);
      Set<String> left = new HashSet<>(before.virtual());
      left.retainAll(now.virtual());
      Set<String> prepared = new HashSet<>(before.prepared());
      prepared.retainAll(now.prepared());
      if (left.isEmpty() && prepared.isEmpty()) {
        return;
      }
      if (ticker.nanos() - until > 0) {
        throw new TransientException(
            new Problem(
                ErrorCode.FENCE_NOT_ARMED,
                "tenant \"" + tenant + "\" is not ready for a cutover yet",
                (left.size() + prepared.size()) + " transactions at \"" + home
                    + "\" began before its guard was armed, and are still open",
                "end them (SELECT pid, xact_start, state FROM pg_stat_activity WHERE backend_xmin IS NOT NULL OR backend_xid IS NOT NULL;"
                    + " SELECT gid FROM pg_prepared_xacts), or wait"));
      }
      Thread.sleep(TURN);
    }
  }
}
