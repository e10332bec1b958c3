package io.helios.repl.pipeline;

import io.helios.repl.capture.Routes;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.relay.RelayJournal;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which tenants of a source have lost something, and why. That they have is durable, in the journal; the cause is known as long
 * as the process lives. Any thread, but for {@link #giveUp}, which is the capture thread's.
 */
final class LostTenants {

  private static final Logger LOG = LoggerFactory.getLogger(LostTenants.class);

  private final String source;
  private final RelayJournal journal;
  private final SourceGaps.Judge judge;
  private final Map<UUID, Problem> causes = new ConcurrentHashMap<>();

  LostTenants(String source, RelayJournal journal, SourceGaps.Judge judge) {
    this.source = source;
    this.journal = journal;
    this.judge = judge;
  }

  /** Why the tenant's changes are gone; null when they are not, or that was in an earlier life of the process. */
  @Nullable Problem of(UUID tenant) {
    return causes.get(tenant);
  }

  void remember(UUID tenant, Problem why) {
    causes.putIfAbsent(tenant, why);
  }

  void forget(UUID tenant) {
    causes.remove(tenant);
  }

  /**
   * Drops, durably, whoever needs what is gone.
   *
   * @param from who has everything before this needs nothing that is gone; null when nobody can be spared
   * @return whether anybody lost something
   */
  boolean giveUp(Problem why, SourceIdentity now, @Nullable Lsn from, Routes routes) {
    boolean any = false;
    journal.rewind(); // what a capture left unfinished would keep a drop from being durable
    for (TenantRoute route : routes.tenants()) {
      String lack = journal.overflowed().contains(route.tenant()) ? null : judge.lacks(route.tenant(), now, from);
      if (lack != null) {
        Problem its = new Problem(why.code(), why.message(), why.why() + "; " + lack, why.hint());
        causes.put(route.tenant(), its); // before anybody can see that it was dropped
        journal.drop(route.tenant());
        any = true;
        LOG.error("source {}: tenant {} has a gap: {}: {}", source, route.tenant(), its.message(), its.why());
      }
    }
    return any;
  }
}
