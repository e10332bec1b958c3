package io.helios.repl.failover.coordination;

import io.helios.repl.failover.coordination.Coordination.Entry;
import java.util.Optional;
import java.util.UUID;

/**
 * Which epoch of a tenant was given away last, and to which home. Who would promote it takes the next one here first, so two
 * that want the same never both get it. Its row in the database that was promoted tells whether it was used. Any thread.
 */
public final class Epochs {

  /**
   * @param epoch that was given
   * @param home the database that may take it, {@code REGION/NAME} where another region's
   * @param version of the register, for {@link #claim}
   */
  public record Claim(long epoch, String home, long version) {}

  private static final String PREFIX = "epoch/";

  private final Coordination coordination;

  public Epochs(Coordination coordination) {
    this.coordination = coordination;
  }

  public Optional<Claim> of(UUID tenant) {
    return coordination.read(PREFIX + tenant).map(Epochs::parse);
  }

  /**
   * Takes an epoch for one home.
   *
   * @param seen what {@link #of} returned, empty too
   * @param epoch above the one seen
   * @return false when somebody else has taken one meanwhile
   */
  public boolean claim(UUID tenant, Optional<Claim> seen, long epoch, String home) {
    if (seen.isPresent() && seen.get().epoch() >= epoch) {
      throw new IllegalArgumentException("epoch " + epoch + " after " + seen.get().epoch());
    }
    return coordination.swap(PREFIX + tenant, seen.map(Claim::version).orElse(0L), epoch + " " + home);
  }

  private static Claim parse(Entry entry) {
    int space = entry.value().indexOf(' ');
    return new Claim(
        Long.parseLong(entry.value().substring(0, space)), entry.value().substring(space + 1), entry.version());
  }
}
