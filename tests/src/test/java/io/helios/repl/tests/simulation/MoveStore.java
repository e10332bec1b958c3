package io.helios.repl.tests.simulation;

import io.helios.repl.migration.EndFacts;
import io.helios.repl.migration.GateFacts;
import io.helios.repl.migration.Migration;
import io.helios.repl.migration.MigrationJournal;
import io.helios.repl.migration.Proof;
import io.helios.repl.migration.Replication;
import io.helios.repl.migration.Transition;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The control store, which survives every crash; and what the server knows of the tenant, as far as a move asks. */
final class MoveStore implements MigrationJournal, Replication {

  private final MoveWorld world;
  private final Map<UUID, Migration> newest = new LinkedHashMap<>();
  private final List<String> came = new ArrayList<>();
  private Tenant tenant;

  MoveStore(MoveWorld world, Tenant tenant) {
    this.world = world;
    this.tenant = tenant;
  }

  Tenant tenant() {
    return tenant;
  }

  /** Every state that was journaled, in their order. */
  List<String> came() {
    return came;
  }

  // --- MigrationJournal

  @Override
  public List<Migration> newest() {
    return List.copyOf(newest.values());
  }

  @Override
  public void write(Migration migration, @Nullable Transition by, @Nullable Tenant turned) {
    MoveServer us = world.us();
    if (us != null) {
      world.seams.pass(Seam.RECORD, us.life);
    }
    newest.put(migration.tenantId(), migration);
    if (by != null) {
      came.add(by.to().label());
      world.trace.note(by.from().label() + " to " + by.to().label(), migration.epoch(), 0);
    }
    if (turned != null) {
      tenant = turned;
    }
    if (us != null) {
      world.seams.mayDie(Seam.RECORD, us.life);
    }
  }

  @Override
  public List<Passage> passages(UUID migration) {
    return List.of();
  }

  @Override
  public void forget(UUID forgotten) {
    newest.remove(forgotten);
  }

  // --- Replication

  @Override
  public Tenant tenant(UUID id) {
    return tenant;
  }

  @Override
  public TenantStatus status(UUID id) {
    return new TenantStatus(
        tenant.name(), TenantState.STREAMING, tenant.source(), tenant.target(), "standard", tenant.epoch(), 0.1, 0L, 5, 0, null,
        null, TenantStatus.CopyProgress.NONE, 0, 0, 0, Instant.EPOCH, null, null, null, null, null);
  }

  @Override
  public void start(UUID id) {}

  @Override
  public Proof proof(UUID id, Duration maxAge) {
    return Proof.FRESH;
  }

  @Override
  public void prove(UUID id) {}

  @Override
  public GateFacts facts(UUID id, Duration proofAge) {
    return new GateFacts(TenantState.STREAMING, 0.1, true, Proof.FRESH, EndFacts.Seen.NOTHING_IN_THE_WAY, null, null);
  }
}
