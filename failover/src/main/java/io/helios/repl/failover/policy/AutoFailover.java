package io.helios.repl.failover.policy;

import io.helios.repl.error.HeliosException;
import io.helios.repl.failover.observation.ObservedEndpoints;
import io.helios.repl.failover.observation.Verdict;
import io.helios.repl.failover.policy.Decision.Step;
import io.helios.repl.failover.policy.FailoverPolicy.Begun;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Begins what {@link FailoverPolicy} decides, and tells once what is held back. One thread; {@link #latest} is for any. */
public final class AutoFailover {

  private static final Logger LOG = LoggerFactory.getLogger(AutoFailover.class);

  /** What runs failovers. None of these waits for a database. */
  public interface Runs {

    /** The tenants of this server. Asked only while some database is dead. */
    List<Candidate> candidates(ObservedEndpoints observed);

    /** What was begun by {@link #begin} within the last hour, also before a restart. */
    List<Begun> lately();

    /** How many failovers run now, whoever began them. */
    int running();

    /**
     * Has a tenant failed over. Its source is dead for a quorum; whether it is still, nobody asks again.
     *
     * @throws HeliosException when it cannot be begun; it is tried again in the next turn
     */
    void begin(UUID tenant, String why);

    /** A tenant is held back by something else than before. */
    void held(Decision decision);
  }

  private final FailoverPolicy policy;
  private final Runs runs;
  private final LongSupplier nanos;
  private final Map<UUID, Step> told = new HashMap<>();
  private volatile List<Decision> latest = List.of();

  public AutoFailover(FailoverPolicy policy, Runs runs, LongSupplier nanos) {
    this.policy = policy;
    this.runs = runs;
    this.nanos = nanos;
  }

  /** One turn. Returns how many failovers it began. */
  public int runOnce(ObservedEndpoints observed) {
    boolean quiet =
        observed.endpoints().stream()
            .noneMatch(e -> e.verdict() == Verdict.DEAD);
    List<Decision> decisions;
    try {
      decisions =
          quiet
              ? List.of()
              : policy.decide(observed, runs.candidates(observed), runs.lately(), runs.running(), nanos.getAsLong());
    } catch (HeliosException e) {
      LOG.warn("whom to fail over cannot be told now: {}", e.getMessage());
      return 0;
    }
    latest = decisions;
    told.keySet().removeIf(id -> decisions.stream().noneMatch(d -> d.tenant().id().equals(id)));
    int begun = 0;
    for (Decision decision : decisions) {
      Candidate tenant = decision.tenant();
      if (decision.step() == Step.BEGIN) {
        begun += begin(tenant) ? 1 : 0;
      } else if (told.put(tenant.id(), decision.step()) != decision.step()) {
        runs.held(decision);
      }
    }
    return begun;
  }

  private boolean begin(Candidate tenant) {
    try {
      runs.begin(tenant.id(), tenant.source() + " is dead");
      return true;
    } catch (HeliosException e) {
      LOG.warn("tenant {} cannot be failed over yet: {}", tenant.name(), e.getMessage());
      return false;
    }
  }

  /** What was decided last, in its order. Any thread. */
  public List<Decision> latest() {
    return latest;
  }
}
