package io.helios.repl.pipeline;

import io.helios.repl.apply.Replicated;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.tenant.Tenant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * All that the server near a target is told of a tenant that another region's server gives it to apply. It is told again whenever any of
 * it changes, and what is told last counts.
 *
 * @param incarnation made anew each time the tenant is given; what is said of an earlier one is not said of this
 * @param revision grows with each change within an incarnation
 * @param what with the source's name as its own server has it
 * @param keys all that its frames may be sealed with, generation 1 first
 * @param hold where applying has to stop, or null
 * @param distrusted grows when its position at the target is to be asked again
 */
public record GivenTenant(
    UUID incarnation,
    long revision,
    Tenant tenant,
    Replicated what,
    List<SealedKey> keys,
    @Nullable Hold hold,
    long distrusted) {

  /**
   * See {@link io.helios.repl.apply.Replica#holdAt}.
   *
   * @param number grows; tells one hold from the next, also at the same place
   */
  public record Hold(long number, Lsn at) {}

  public GivenTenant {
    keys = List.copyOf(keys);
  }
}
