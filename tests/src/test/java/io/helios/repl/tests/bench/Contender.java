package io.helios.repl.tests.bench;

import java.io.IOException;
import java.sql.SQLException;

/**
 * One way to replicate the bench table. Life: {@link #prepare}, then changes happen at the source, then {@link #start},
 * then {@link #stop}; again and again, each time with new databases.
 */
interface Contender extends AutoCloseable {

  /** For tables: short. */
  String name();

  /** One sentence: what it is and how it is set. */
  String description();

  /**
   * Makes the target equal to the source and remembers the point (a slot), but replicates nothing after it yet.
   *
   * @param pair the source's table is filled, the target has none
   */
  void prepare(DatabasePair pair) throws Exception;

  /** Begins to replicate everything since {@link #prepare}. Returns at once. */
  void start() throws Exception;

  /** Ends it, leaving no slot behind. */
  void stop() throws Exception;

  /** CPU seconds that its own process has used so far; 0 for one that lives in the servers. */
  double cpuSeconds();

  /** What is worth saying of the turn just measured; empty for nothing. */
  default String note() throws Exception {
    return "";
  }

  @Override
  void close() throws IOException, SQLException;
}
