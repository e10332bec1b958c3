package io.helios.repl.pipeline;

import io.helios.repl.status.PipelineDetail.LagPoint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tenant's lag over the last two minutes, for a chart: about a kilobyte. Thread-safe. */
final class LagHistory {

  private static final int POINTS = 120;

  private final int[] epochSeconds = new int[POINTS];
  private final float[] lags = new float[POINTS];
  private int count;

  /** @param lagSeconds null where it is not known: that leaves a gap */
  synchronized void add(Instant at, @Nullable Double lagSeconds) {
    if (lagSeconds != null) {
      int place = count++ % POINTS;
      epochSeconds[place] = (int) at.getEpochSecond();
      lags[place] = lagSeconds.floatValue();
      if (count == 2 * POINTS) {
        count = POINTS;
      }
    }
  }

  /** Oldest first; those of the last two minutes. */
  synchronized List<LagPoint> since(Instant now) {
    List<LagPoint> points = new ArrayList<>();
    for (int back = Math.min(count, POINTS); back > 0; back--) {
      int place = (count - back) % POINTS;
      Instant at = Instant.ofEpochSecond(epochSeconds[place]);
      if (at.isAfter(now.minusSeconds(POINTS + 1))) {
        points.add(new LagPoint(at, lags[place]));
      }
    }
    return points;
  }
}
