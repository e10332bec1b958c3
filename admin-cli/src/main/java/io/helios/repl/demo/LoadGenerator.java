package io.helios.repl.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Customers at work: threads that run a shop's small transactions for all tenants at a steady total rate, on
 * connections of their own. Started by {@link #start}; any thread may ask it, change its rate and stop it.
 */
public final class LoadGenerator implements AutoCloseable {

  /** Opens a connection to the shop's database. */
  @FunctionalInterface
  public interface Database {
    Connection connect() throws SQLException;
  }

  /** What has been committed so far. A row is one that an INSERT, UPDATE or DELETE touched. */
  public record Done(long transactions, long rows) {}

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicLong transactions = new AtomicLong();
  private final AtomicLong rows = new AtomicLong();
  private volatile double transactionsPerSecond;
  private volatile boolean stopping;
  private volatile @Nullable SQLException failure;

  private LoadGenerator(double transactionsPerSecond) {
    this.transactionsPerSecond = transactionsPerSecond;
  }

  /**
   * Begins at once.
   *
   * @param tenants those that {@link Shop#fill} has filled
   * @param seed the same seed makes the same wishes, thread by thread
   */
  public static LoadGenerator start(
      Database database, List<String> tenants, int threads, double transactionsPerSecond, long seed) {
    LoadGenerator generator = new LoadGenerator(transactionsPerSecond);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < threads; i++) {
      SplittableRandom own = random.split();
      generator.threads.add(
          Thread.ofPlatform().name("shop-load-" + i).daemon().start(() -> generator.run(database, tenants, own)));
    }
    return generator;
  }

  public Done done() {
    return new Done(transactions.get(), rows.get());
  }

  /** All threads together; takes effect with each thread's next transaction. */
  public void rate(double perSecond) {
    transactionsPerSecond = perSecond;
  }

  /**
   * Returns when the last transaction has committed: nothing is under way after it.
   *
   * @throws SQLException what stopped a thread early, if one was
   */
  public Done stop() throws SQLException, InterruptedException {
    stopping = true;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
      thread.join();
    }
    SQLException failed = failure;
    if (failed != null) {
      throw failed;
    }
    return done();
  }

  /** Asks it to stop and does not wait. */
  @Override
  public void close() {
    stopping = true;
    threads.forEach(LockSupport::unpark);
  }

  private void run(Database database, List<String> tenants, SplittableRandom random) {
    try (Connection connection = database.connect();
        ShopWork work = new ShopWork(connection, tenants, random)) {
      long next = System.nanoTime();
      while (!stopping) {
        int touched = work.runOne();
        if (touched > 0) {
          transactions.incrementAndGet();
          rows.addAndGet(touched);
        }
        // A thread that fell behind by more than a second lets the rest go: the rate is a wish, not a debt.
        next = Math.max(next + (long) (1e9 * threads.size() / transactionsPerSecond), System.nanoTime() - 1_000_000_000L);
        for (long wait = next - System.nanoTime(); wait > 0 && !stopping; wait = next - System.nanoTime()) {
          LockSupport.parkNanos(Math.min(wait, 200_000_000L));
        }
      }
    } catch (SQLException e) {
      failure = e;
    }
  }
}
