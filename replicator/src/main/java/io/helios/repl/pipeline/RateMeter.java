package io.helios.repl.pipeline;

/**
 * Rows a second, smoothed over about five seconds: an exponentially weighted mean of a counter's growth. One owner writes;
 * the value may be read by anyone.
 */
final class RateMeter {

  private static final double SECONDS = 5;

  private long lastCount;
  private long lastNanos;
  private boolean started;
  private volatile double rate;

  void sample(long count, long nanos) {
    if (started && nanos > lastNanos) {
      double elapsed = (nanos - lastNanos) / 1e9;
      double now = Math.max(0, count - lastCount) / elapsed;
      double weight = 1 - Math.exp(-elapsed / SECONDS);
      rate += weight * (now - rate);
      if (rate < 0.05) {
        rate = 0;
      }
    }
    started = true;
    lastCount = count;
    lastNanos = nanos;
  }

  double perSecond() {
    return rate;
  }
}
