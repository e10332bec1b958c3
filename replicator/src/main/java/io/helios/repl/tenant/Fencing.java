package io.helios.repl.tenant;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What keeps a tenant's old home from being written once its replica was promoted. */
public enum Fencing {
  /** The new epoch, as soon as the old home learns of it; until then a home that is cut off may accept writes, which are found later. */
  EPOCH,
  /** A lease: its home is written only while this server renews it there, and closes by itself before the replica may be promoted. */
  LEASE;

  /** As written in commands and JSON: {@code epoch}, {@code lease}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<Fencing> of(String label) {
    return Arrays.stream(values()).filter(f -> f.label().equals(label)).findFirst();
  }
}
