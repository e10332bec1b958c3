package io.helios.repl.tenant;

/** Who goes first when several tenants have work for the same target. */
public enum Tier {
  PREMIUM,
  STANDARD,
  BEST_EFFORT;

  /** As written in commands and JSON: {@code premium}, {@code standard}, {@code best-effort}. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /** Reads a {@link #label}. Throws {@link IllegalArgumentException} for anything else. */
  public static Tier of(String label) {
    for (Tier tier : values()) {
      if (tier.label().equals(label)) {
        return tier;
      }
    }
    throw new IllegalArgumentException("no such tier: " + label);
  }
}
