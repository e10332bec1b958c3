package io.helios.repl.tui.fleet;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Each tenant's lag over the last {@value #SECONDS} seconds, one sample a second; a second of which nothing was told is
 * not a number. Owned by the thread that owns the model.
 */
public final class LagHistory {

  public static final int SECONDS = 120;

  private final Map<String, float[]> rings = new HashMap<>();
  private long newest = Long.MIN_VALUE;

  /** Notes where every tenant stands at this second. */
  public void add(Fleet fleet) {
    long second = fleet.at().getEpochSecond();
    if (newest != Long.MIN_VALUE && second < newest) {
      rings.clear(); // the server's clock was set back: what was noted has no place in the new time
      newest = Long.MIN_VALUE;
    }
    long first = newest == Long.MIN_VALUE ? second : Math.max(newest + 1, second - SECONDS + 1);
    for (long missed = first; missed < second; missed++) {
      int at = place(missed);
      rings.values().forEach(ring -> ring[at] = Float.NaN);
    }
    newest = second;
    int at = place(second);
    rings.keySet().removeIf(name -> fleet.tenant(name) == null);
    for (Tenant tenant : fleet.tenants()) {
      Double lag = tenant.lagSeconds();
      rings.computeIfAbsent(tenant.name(), name -> empty())[at] = lag == null ? Float.NaN : lag.floatValue();
    }
  }

  /** The last {@code seconds}, oldest first. */
  public float[] of(String tenant, int seconds) {
    float[] samples = new float[seconds];
    Arrays.fill(samples, Float.NaN);
    float[] ring = rings.get(tenant);
    if (ring != null) {
      for (int i = 0; i < Math.min(seconds, SECONDS); i++) {
        samples[seconds - 1 - i] = ring[place(newest - i)];
      }
    }
    return samples;
  }


  private static int place(long second) {
    return Math.floorMod(second, SECONDS);
  }

  private static float[] empty() {
    float[] ring = new float[SECONDS];
    Arrays.fill(ring, Float.NaN);
    return ring;
  }
}
