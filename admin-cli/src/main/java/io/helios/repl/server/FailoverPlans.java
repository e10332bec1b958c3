package io.helios.repl.server;

import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.FailoverDriver.Surroundings;
import io.helios.repl.failover.FailoverEnds;
import io.helios.repl.failover.FailoverOptions;
import io.helios.repl.failover.Failovers;
import io.helios.repl.failover.SourceSight.Sighting;
import io.helios.repl.failover.coordination.Epochs;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** What a failover would do, and meet: looked at now, with nothing done. Any thread. */
final class FailoverPlans {

  /** A margin is added to sequences; what was drawn since the last look has to fit into it. */
  private static final Duration OLD_SAMPLE = Duration.ofSeconds(30);

  /** Of the replica's answer to a look, for a transaction of several statements. */
  private static final int PROMOTION_IN_LOOKS = 5;

  private final Tenants tenants;
  private final Failovers failovers;
  private final FailoverEnds ends;
  private final Surroundings around;

  FailoverPlans(Tenants tenants, Failovers failovers, FailoverEnds ends, Surroundings around) {
    this.tenants = tenants;
    this.failovers = failovers;
    this.ends = ends;
    this.around = around;
  }

  static List<String> steps(Tenant tenant, FailoverOptions options) {
    return List.of(
        "claim the next epoch of " + tenant.name() + ", and wait until " + tenant.source() + " holds no lease for it",
        "apply what was captured of it, for " + options.drainPatience().toMillis() + " ms at the most",
        "make " + tenant.target() + " its home in one transaction, with its sequences ahead of what was drawn unseen",
        "send its clients to " + tenant.target(),
        "when " + tenant.source() + " is back: close it, and account for what it had committed that never arrived",
        options.rejoins()
            ? "repair " + tenant.source() + " by difference; it follows " + tenant.target() + ", and failback is open"
            : "wait for helios-repl failover run " + tenant.name() + " --rejoin");
  }

  ObjectNode of(Tenant tenant, FailoverOptions options) {
    List<Problem> obstacles = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    List<FailoverDocuments.Part> timeline = new ArrayList<>();
    TenantStatus status = tenants.status(tenant.name());
    Sighting source = around.sight().of(tenant.source());
    tried(obstacles, () -> {
      failovers.requireAtRest(tenant);
      around.moves().requireEndable(tenant);
      return true;
    });
    detection(timeline, source);
    Duration lease = tried(obstacles, () -> around.lease().remaining(tenant));
    timeline.add(part("lease", lease, "until " + tenant.source() + " can provably not write it any more"));
    FailoverEnds.Standing standing = tried(obstacles, () -> ends.standing(tenant));
    if (standing != null && standing.obstacle() != null) {
      obstacles.add(standing.obstacle());
    }
    boolean drained = standing == null || FailoverDocuments.unapplied(standing) == 0;
    timeline.add(
        part(
            "drain",
            drained ? Duration.ZERO : options.drainPatience(),
            drained ? "everything that was captured is applied" : "at the most; then it is promoted all the same"));
    long began = System.nanoTime();
    FailoverEnds.Arbiter arbiter = tried(obstacles, () -> ends.arbiter(tenant));
    Duration look = Duration.ofNanos(System.nanoTime() - began);
    timeline.add(part("promote", look.multipliedBy(PROMOTION_IN_LOOKS), "by how fast " + tenant.target() + " answers now"));
    Optional<Epochs.Claim> claim = Objects.requireNonNullElse(tried(obstacles, () -> around.epochs().of(tenant.id())), Optional.empty());
    long epoch = nextEpoch(tenant, arbiter, claim);
    timeline.add(part("switch", tried(obstacles, () -> around.traffic().check(tenant, epoch)), "by a dry run of the traffic's switches"));
    if (source.healthy()) {
      warnings.add(
          "source " + tenant.source() + " is alive and healthy: helios-repl migrate cutover " + tenant.name()
              + " leaves nothing behind; a failover wants --force");
    }
    sequences(tenant, warnings);
    return FailoverDocuments.plan(
        tenant, epoch, source, standing, status, timeline, obstacles, warnings, steps(tenant, options));
  }

  private static long nextEpoch(Tenant tenant, FailoverEnds.@Nullable Arbiter arbiter, Optional<Epochs.Claim> claim) {
    long row = arbiter == null ? 0 : Math.max(arbiter.epoch(), arbiter.refused());
    return Math.max(tenant.epoch(), Math.max(row, claim.map(Epochs.Claim::epoch).orElse(0L))) + 1;
  }

  private static void detection(List<FailoverDocuments.Part> timeline, Sighting source) {
    Instant last = source.lastAlive();
    timeline.add(
        source.healthy()
            ? new FailoverDocuments.Part("detect", 0, "it has not failed")
            : new FailoverDocuments.Part(
                "detect",
                last == null ? 0 : Math.max(0, Duration.between(last, Instant.now()).toMillis()),
                last == null ? "it was never seen alive by this server" : "since it was last known to be alive"));
  }

  private static FailoverDocuments.Part part(String name, @Nullable Duration length, String why) {
    return new FailoverDocuments.Part(name, length == null ? 0 : length.toMillis(), length == null ? "not known now" : why);
  }

  private void sequences(Tenant tenant, List<String> warnings) {
    try {
      tenants.sequences(tenant.name()).stream()
          .min(Comparator.comparing(SequenceSample::at))
          .map(s -> Duration.between(s.at(), Instant.now()))
          .filter(age -> age.compareTo(OLD_SAMPLE) > 0)
          .ifPresent(
              age ->
                  warnings.add(
                      "its sequences were looked at " + age.toSeconds() + " s ago: what was drawn since is covered by a margin only"));
    } catch (HeliosException e) {
      warnings.add("its sequences cannot be looked at: " + e.problem().message());
    }
  }

  /** What goes wrong is an obstacle. */
  private static <T> @Nullable T tried(List<Problem> obstacles, Supplier<T> look) {
    try {
      return look.get();
    } catch (HeliosException e) {
      obstacles.add(e.problem());
      return null;
    }
  }
}
