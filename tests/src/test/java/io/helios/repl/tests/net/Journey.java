package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Two tenants on their way from one database to another, with a {@link FaultProxy} before each, under load. */
final class Journey implements AutoCloseable {

  /** In which a fault must have been noticed and overcome, on a machine that does much else. */
  static final Duration BOUND = Duration.ofMinutes(4);

  final FaultProxy beforeSource;
  final FaultProxy beforeTarget;
  final Replication replication;
  final List<UUID> tenants = new ArrayList<>();
  private volatile boolean closed;

  Journey(Path directory, Database source, Database target) {
    this(directory, source, target, target.settings());
  }

  Journey(Path directory, Database source, Database target, ConnectionSettings applier) {
    this.beforeSource = new FaultProxy(source.server().port());
    this.beforeTarget = new FaultProxy(target.server().port());
    this.replication =
        new Replication(
            directory,
            source,
            beforeSource.through(source.settings()),
            target,
            beforeTarget.through(applier),
            new Tenancy.ByColumn("tenant_id"),
            null);
  }

  /** Which of both ends the fault is at. */
  enum End {
    SOURCE,
    TARGET
  }

  FaultProxy proxy(End end) {
    return end == End.SOURCE ? beforeSource : beforeTarget;
  }

  /** Both tenants set out; they copy from now on. */
  void setOut() {
    for (String name : List.of("a", "b")) {
      UUID id = replication.add(name, DesiredState.CREATED);
      tenants.add(id);
      replication.fleet.startTenant(id);
    }
  }

  void stream() {
    setOut();
    arrive();
  }

  /** Both tenants stream. */
  void arrive() {
    for (UUID tenant : tenants) {
      await()
          .atMost(BOUND)
          .untilAsserted(() -> assertThat(replication.fleet.status(tenant).state())
              .as(() -> String.valueOf(replication.fleet.status(tenant).error()))
              .isEqualTo(TenantState.STREAMING));
    }
  }

  TenantStatus status() {
    return replication.fleet.status(tenants.getFirst());
  }

  /** Waits until a tenant's status names trouble. */
  Problem trouble() {
    await().atMost(BOUND).until(() -> statuses().stream().anyMatch(status -> status.error() != null));
    return statuses().stream().map(TenantStatus::error).filter(Objects::nonNull).findFirst().orElseThrow();
  }

  /** Waits until a tenant's status names this very trouble. */
  Problem trouble(ErrorCode code) {
    return await().atMost(BOUND).until(() -> problem(code), Objects::nonNull);
  }

  /** Every code that a status names from now on, also for a moment. */
  Set<ErrorCode> watch() {
    Set<ErrorCode> seen = ConcurrentHashMap.newKeySet();
    Thread.ofVirtual().name("watch").start(() -> {
      while (!closed) {
        for (TenantStatus status : statuses()) {
          if (status.error() != null) {
            seen.add(status.error().code());
          }
        }
        LockSupport.parkNanos(5_000_000);
      }
    });
    return seen;
  }

  private @Nullable Problem problem(ErrorCode code) {
    return statuses().stream()
        .map(TenantStatus::error)
        .filter(problem -> problem != null && problem.code() == code)
        .findFirst()
        .orElse(null);
  }

  private List<TenantStatus> statuses() {
    return tenants.stream().map(replication.fleet::status).toList();
  }

  /** Something more arrives. */
  void moves() {
    String state = "SELECT count(*), max(id) FROM orders";
    List<String> before = replication.target.query(state);
    await().atMost(BOUND).until(() -> !replication.target.query(state).equals(before));
  }

  /** Everything arrives, once; nothing is wrong any more, and nobody had to act. */
  void endsEqual() throws InterruptedException {
    arrive();
    for (UUID tenant : tenants) {
      Fleet.await(replication.fleet.caughtUp(tenant), BOUND);
    }
    for (String sql : LiveLoad.EVERYTHING) {
      replication.equal(sql);
    }
    for (UUID tenant : tenants) {
      await().atMost(BOUND).untilAsserted(() -> assertThat(replication.fleet.status(tenant).error()).isNull());
      assertThat(replication.fleet.status(tenant).conflicts()).isZero();
      assertThat(Fleet.await(replication.fleet.verify(tenant, BOUND), BOUND).equal()).isTrue();
    }
  }

  @Override
  public void close() {
    closed = true;
    beforeSource.heal();
    beforeTarget.heal();
    replication.close();
    beforeSource.close();
    beforeTarget.close();
  }
}
