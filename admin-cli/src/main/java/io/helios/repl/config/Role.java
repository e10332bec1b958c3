package io.helios.repl.config;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What somebody may ask of a server; each includes those before it. */
public enum Role {
  /** Look, wait, and have plans made. */
  READ,
  /** Start, stop, pause, resync, verify, repair, prepare: what is declared, as it is declared. */
  OPERATE,
  /** Declare, delete, change and destroy keys, drop slots. */
  ADMIN;

  public boolean includes(Role other) {
    return compareTo(other) >= 0;
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Empty for anything that is not a role's label. */
  public static Optional<Role> parse(String label) {
    return Stream.of(values()).filter(r -> r.label().equals(label)).findFirst();
  }
}
