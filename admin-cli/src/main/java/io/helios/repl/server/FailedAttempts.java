package io.helios.repl.server;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.function.LongSupplier;

/**
 * Counts failed authentications of each address. Of IPv6 the first 64 bits count, for one machine has all the rest. Bounded: the
 * addresses that failed longest ago are forgotten first. Any thread.
 */
final class FailedAttempts {

  /** So many within the window; more are refused unread until it is over. */
  static final int ALLOWED = 10;

  static final long WINDOW_SECONDS = 60;

  private static final int ADDRESSES = 10_000;

  private static final class Count {
    private long since;
    private int failures;
  }

  private final LongSupplier nanos;
  private final LinkedHashMap<String, Count> counts = new LinkedHashMap<>();

  /** @param nanos a clock that only goes forward */
  FailedAttempts(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** One more. Returns how many there were in a row within the window, this one included. */
  synchronized int failed(String address) {
    String key = network(address);
    Count count = counts.remove(key);
    if (count == null || over(count)) {
      count = new Count();
      count.since = nanos.getAsLong();
    }
    count.failures++;
    counts.put(key, count);
    if (counts.size() > ADDRESSES) {
      counts.remove(counts.keySet().iterator().next());
    }
    return count.failures;
  }

  /** Seconds until the address may fail again; 0 when it may. */
  synchronized long blockedSeconds(String address) {
    Count count = counts.get(network(address));
    if (count == null || over(count) || count.failures < ALLOWED) {
      return 0;
    }
    return Math.max(1, WINDOW_SECONDS - (nanos.getAsLong() - count.since) / 1_000_000_000L);
  }

  synchronized void succeeded(String address) {
    if (!counts.isEmpty()) {
      counts.remove(network(address));
    }
  }

  private boolean over(Count count) {
    return nanos.getAsLong() - count.since >= WINDOW_SECONDS * 1_000_000_000L;
  }

  private static String network(String address) {
    if (address.indexOf(':') < 0) {
      return address;
    }
    try {
      byte[] all = InetAddress.getByName(address).getAddress();
      return HexFormat.of().formatHex(Arrays.copyOf(all, Math.min(8, all.length)));
    } catch (UnknownHostException e) {
      return address;
    }
  }
}
