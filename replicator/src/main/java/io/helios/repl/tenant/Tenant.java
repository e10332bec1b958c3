package io.helios.repl.tenant;

import java.time.Duration;
import java.util.UUID;

/**
 * A tenant as its operator declared it. Its UUID, never its name, names files and keys.
 *
 * @param id made once, when the tenant is created
 * @param name what commands call it
 * @param key its value in the tenant column, or in the schema pattern
 * @param source the configured source's name
 * @param target the configured target's name
 * @param tables which of the source's tables it takes
 * @param lagTarget how far behind it may be, for the operator's eyes
 * @param epoch its generation; writes under an older one are refused
 * @param fencing what closes its home when a failover takes it away from there
 */
public record Tenant(
    UUID id,
    String name,
    String key,
    String source,
    String target,
    TableFilter tables,
    Tier tier,
    Duration lagTarget,
    ConflictPolicy conflicts,
    long epoch,
    Fencing fencing) {

  /** One that is fenced by its epoch. */
  public Tenant(
      UUID id,
      String name,
      String key,
      String source,
      String target,
      TableFilter tables,
      Tier tier,
      Duration lagTarget,
      ConflictPolicy conflicts,
      long epoch) {
    this(id, name, key, source, target, tables, tier, lagTarget, conflicts, epoch, Fencing.EPOCH);
  }

  /** The same the other way round: written at its target, followed by its source. */
  public Tenant turned(long inEpoch) {
    return new Tenant(id, name, key, target, source, tables, tier, lagTarget, conflicts, inEpoch, fencing);
  }

  /** Whether the other one has the same rows of the same tables, from the same source to the same target. */
  public boolean replicatesAs(Tenant other) {
    return key.equals(other.key)
        && source.equals(other.source)
        && target.equals(other.target)
        && tables.equals(other.tables);
  }
}
