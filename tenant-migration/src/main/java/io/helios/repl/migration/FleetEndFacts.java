package io.helios.repl.migration;

import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.pipeline.TargetRoom;
import io.helios.repl.tenant.Tenant;

/** The two databases of a tenant that this process replicates, as its engine sees them. */
public final class FleetEndFacts implements EndFacts {

  private final Fleet fleet;

  public FleetEndFacts(Fleet fleet) {
    this.fleet = fleet;
  }

  @Override
  public Seen of(Tenant tenant) {
    Handover.Facts facts = fleet.handover(tenant.id()).facts();
    return new Seen(facts.longestWrite(), facts.schemaDifferences(), facts.unprepared());
  }

  @Override
  public Taken room(Tenant tenant, boolean copied) {
    TargetRoom room = fleet.handover(tenant.id()).room(copied);
    return new Taken(
        room.takenBytes(),
        room.missingBytes(),
        room.unseenDatabases() == 0
            ? null
            : room.unseenDatabases() + " databases there are not shown to our role: GRANT pg_read_all_stats to it");
  }
}
