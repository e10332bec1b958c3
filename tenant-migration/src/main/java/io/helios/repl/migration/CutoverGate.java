package io.helios.repl.migration;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What has to hold before a tenant is cut over. */
public enum CutoverGate {
  /** It streams, and the target is close behind. */
  LAG(true),
  /** Both sides were compared not long ago, and are equal. */
  VERIFICATION(true),
  /** No transaction holds the tenant for longer than the pause may last. */
  LONG_TRANSACTION(true),
  /** Tables, indexes, constraints and columns are the same on both sides. */
  SCHEMA(true),
  /** The source is captured from its WAL: a marker cannot be polled. Nothing to be forced. */
  CAPTURE(false),
  /** The guard is armed and the target can be captured. Nothing to be forced. */
  TARGET(false),
  /** The target's disk holds what the tenant still needs there. Looked at before the copy, too. */
  ROOM(true),
  /** Certificates between the two ends hold for a while longer. Looked at before the copy, too. */
  CERTIFICATE(true);

  private final boolean forcible;

  CutoverGate(boolean forcible) {
    this.forcible = forcible;
  }

  public boolean forcible() {
    return forcible;
  }

  /** Whether it has to be open before the tenant is copied, and not only at its cutover. */
  public boolean beforeCopy() {
    return this == ROOM || this == CERTIFICATE;
  }

  /** As options have it: {@code long-transaction}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static Optional<CutoverGate> of(String label) {
    return Arrays.stream(values()).filter(gate -> gate.label().equals(label)).findFirst();
  }
}
