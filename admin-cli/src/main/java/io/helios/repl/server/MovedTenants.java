package io.helios.repl.server;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.OperatorException;
import io.helios.repl.migration.EndFacts;
import io.helios.repl.migration.GateFacts;
import io.helios.repl.migration.Proof;
import io.helios.repl.migration.Replication;
import io.helios.repl.migration.Room;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.verify.VerifySettings;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What migrations ask of this server's tenants. Any thread. */
final class MovedTenants implements Replication {

  private final ServerConfiguration configuration;
  private final Tenants tenants;
  private final Verifications verifications;
  private final EndFacts ends;
  private final BetweenRegions regions;
  private final Map<UUID, CompletableFuture<Evidence>> proving = new ConcurrentHashMap<>();

  MovedTenants(
      ServerConfiguration configuration,
      Tenants tenants,
      Verifications verifications,
      EndFacts ends,
      BetweenRegions regions) {
    this.configuration = configuration;
    this.tenants = tenants;
    this.verifications = verifications;
    this.ends = ends;
    this.regions = regions;
  }

  @Override
  public Tenant tenant(UUID id) {
    return tenants.engaged(tenants.byId(id).name());
  }

  @Override
  public TenantStatus status(UUID id) {
    return tenants.status(tenant(id).name());
  }

  @Override
  public void start(UUID id) {
    String name = tenant(id).name();
    switch (tenants.get(name).desired()) {
      case CREATED, STOPPED -> tenants.carryOut(Verb.START, name, false);
      case PAUSED -> tenants.carryOut(Verb.RESUME, name, false);
      case RUNNING -> {} // it was asked to already
    }
  }

  @Override
  public Proof proof(UUID id, Duration maxAge) {
    Tenant tenant = tenant(id);
    if (verifications.progress(tenant.name()).isPresent()) {
      return new Proof(Proof.Standing.RUNNING, "a verification is running");
    }
    Optional<Proof> failed = failed(id);
    Optional<VerificationHistory.Entry> newest =
        verifications.history(tenant.name()).stream().filter(e -> e.evidence().complete() && !e.superseded()).findFirst();
    return failed.orElseGet(
        () ->
            newest
                .map(entry -> judge(entry.evidence(), tenant, maxAge, Instant.now()))
                .orElse(new Proof(Proof.Standing.OLD, "there is none")));
  }

  /** One that only an operator can mend; any other is made again. */
  private Optional<Proof> failed(UUID id) {
    CompletableFuture<Evidence> last = proving.get(id);
    if (last == null || !last.isDone()) {
      return Optional.empty();
    }
    proving.remove(id, last);
    return last.isCompletedExceptionally() && last.exceptionNow() instanceof OperatorException e
        ? Optional.of(new Proof(Proof.Standing.FAILED, e.problem().code().id() + ": " + e.problem().message()))
        : Optional.empty();
  }

  /** What a complete verification that still tells of the rows that are there is worth. Pure. */
  static Proof judge(Evidence evidence, Tenant tenant, Duration maxAge, Instant now) {
    Optional<String> objection = evidence.objection(tenant.id(), maxAge, tenant.epoch(), now);
    if (objection.isEmpty()) {
      return Proof.FRESH;
    }
    boolean young = Duration.between(evidence.takenAt(), now).compareTo(maxAge) <= 0;
    boolean differs = evidence.epoch() == tenant.epoch() && !evidence.equal() && young;
    return new Proof(differs ? Proof.Standing.DIFFERENT : Proof.Standing.OLD, objection.get());
  }

  @Override
  public void prove(UUID id) {
    proving.put(id, verifications.run(tenant(id).name(), VerifySettings.DEFAULT, true).copy());
  }

  @Override
  public GateFacts facts(UUID id, Duration proofAge) {
    Tenant tenant = tenant(id);
    TenantStatus status = tenants.status(tenant.name());
    return new GateFacts(
        status.state(),
        status.lagSeconds(),
        configuration.source(tenant.source()).map(s -> s.capture() instanceof CaptureMode.Wal).orElse(true),
        proof(id, proofAge),
        ends.of(tenant),
        room(tenant, status.state() == TenantState.STREAMING),
        regions.firstToEnd(tenant, Instant.now()).orElse(null));
  }

  /** Measured only where there is something to hold it against. */
  private @Nullable Room room(Tenant tenant, boolean copied) {
    TargetSettings own = configuration.target(tenant.target()).orElse(null);
    Long capacity = own == null ? regions.capacity(tenant.target()) : own.capacityBytes();
    if (capacity == null) {
      return null;
    }
    EndFacts.Taken taken = ends.room(tenant, copied);
    return new Room(capacity, taken.bytes(), taken.missingBytes(), taken.unseen());
  }
}
