package io.helios.repl.demo;

import java.time.Duration;

/**
 * What a demonstration is asked to be.
 *
 * @param tenants how many shops
 * @param transactionsPerSecond what their customers do, all together
 * @param once whether to end by itself: load for {@code live}, then stop it, catch up, verify
 * @param dashboard whether to open the dashboard instead of printing; whoever leaves it ends the demonstration
 */
public record DemoSettings(int tenants, double transactionsPerSecond, boolean once, boolean dashboard, Duration live) {

  /** All shops together have about this many customers at first, whatever their number: some 300,000 rows. */
  private static final int CUSTOMERS = 19_000;

  /** Shops differ: the last has three times as many customers as the first. */
  int customersOf(int tenant) {
    double share = tenants == 1 ? 1 : 0.5 + (double) tenant / (tenants - 1);
    return Math.max(20, (int) (CUSTOMERS * share / tenants));
  }
}
