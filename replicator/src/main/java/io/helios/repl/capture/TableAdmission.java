package io.helios.repl.capture;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The wish that all tables of a source which take part are polled from now on, made at a tenant's start. It outlives a poller
 * that ends before it has come true. Any thread.
 */
public final class TableAdmission {

  private final AtomicLong wished = new AtomicLong();
  private final AtomicLong fulfilled = new AtomicLong();

  public void wish() {
    wished.incrementAndGet();
  }

  boolean isOpen() {
    return wished.get() > fulfilled.get();
  }

  /** What there is to fulfil now. */
  long wished() {
    return wished.get();
  }

  /** The tables that were there after {@link #wished} told this are polled, durably. */
  void fulfilled(long wish) {
    fulfilled.accumulateAndGet(wish, Math::max);
  }
}
