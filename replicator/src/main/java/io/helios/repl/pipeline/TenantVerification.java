package io.helios.repl.pipeline;

import io.helios.repl.apply.Replica;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.Backoff;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition.ColumnDefinition;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.VerificationCost;
import io.helios.repl.status.VerificationProgress;
import io.helios.repl.verify.TenantVerifier;
import io.helios.repl.verify.VerifySettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares a streaming tenant on both sides, table by table, in as many passes as it takes: what a pass did not finish,
 * because a connection broke or its snapshots had become old, the next one compares at a point of its own. {@link #result},
 * {@link #progress} and {@link #cancel} are for any thread; the rest is the thread's that runs it.
 */
public final class TenantVerification {

  private static final Logger LOG = LoggerFactory.getLogger(TenantVerification.class);

  private static final Backoff RETRY = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(10));

  /** Passes in a row that came to nothing, before it is given up. */
  private static final int MOST_FAILURES = 5;

  private final SourceEngine source;
  private final TargetEngine target;
  private final TenantPipeline pipeline;
  private final TenantTables tables;
  private final VerifySettings settings;
  private final CopyLoad load;
  private final Consumer<Evidence> keeper;
  private final CountDownLatch cancelled = new CountDownLatch(1);
  private final CompletableFuture<Evidence> result = new CompletableFuture<>();
  private volatile @Nullable Evidence evidence;
  private volatile @Nullable TenantVerifier pass;

  /**
   * @param load slows it down where others feel it
   * @param unfinished an earlier one that is to be gone on with, if it is of the same source and epoch; null for none
   * @param keeper is given the evidence whenever it has grown, on any thread, one at a time
   */
  TenantVerification(
      SourceEngine source,
      TargetEngine target,
      TenantPipeline pipeline,
      TenantTables tables,
      VerifySettings settings,
      CopyLoad load,
      @Nullable Evidence unfinished,
      Consumer<Evidence> keeper) {
    this.source = source;
    this.target = target;
    this.pipeline = pipeline;
    this.tables = tables;
    this.settings = settings;
    this.load = load;
    this.evidence = unfinished;
    this.keeper = keeper;
  }

  /** Completes with complete evidence, or exceptionally with a member of the {@code HeliosException} family. */
  public CompletableFuture<Evidence> result() {
    return result;
  }

  /** Ends it soon; what was compared is kept, and can be gone on with. */
  public void cancel() {
    cancelled.countDown();
    TenantVerifier running = pass;
    if (running != null) {
      running.cancel();
    }
  }

  /** How far it is. */
  public VerificationProgress progress() {
    Evidence found = evidence;
    TenantVerifier running = pass;
    VerificationCost now = running == null ? VerificationCost.NONE : running.cost();
    return new VerificationProgress(
        found == null ? 0 : found.tablesWanted(),
        found == null ? 0 : found.tables().size(),
        now.rows(),
        now.bytes(),
        running == null ? 0 : running.bytesExpected(),
        now.snapshotMillis());
  }

  /** Runs it aside, when its turn has come; the turn is over before the result is there. */
  void start(Executor executor, TenantTurns.Turn turn) {
    executor.execute(() -> {
      Runnable outcome;
      try {
        turn.await();
        Evidence found = run();
        outcome = () -> result.complete(found);
      } catch (RuntimeException | Error e) {
        outcome = () -> result.completeExceptionally(e);
      }
      turn.close();
      outcome.run();
    });
  }

  /**
   * Runs it here; whoever calls this has the turn.
   *
   * @throws OperatorException when the tenant is not streaming, or somebody cancelled it
   */
  Evidence run() {
    boolean begun = false;
    int failures = 0;
    try {
      while (true) {
        int done = tablesDone();
        try {
          List<TenantTable> all = tables();
          Evidence now = begin(all, begun);
          begun = true;
          List<TenantTable> left = left(all, now);
          if (left.isEmpty()) {
            return grown(now.ended(Instant.now()));
          }
          compare(left);
          failures = 0;
        } catch (TransientException e) {
          failures = tablesDone() > done ? 1 : failures + 1;
          if (failures > MOST_FAILURES || e.problem().code() == ErrorCode.VERIFY_NO_POINT) {
            throw e;
          }
          LOG.info("the verification of tenant {} goes on with what is left: {}", name(), e.getMessage());
          if (cancelled.await(RETRY.pause(failures).toMillis(), TimeUnit.MILLISECONDS)) {
            throw new CancellationException();
          }
        }
      }
    } catch (CancellationException e) {
      throw new OperatorException(
          new Problem(
              ErrorCode.VERIFY_CANCELLED,
              "the verification of tenant \"" + name() + "\" was broken off",
              "somebody cancelled it, or the server is stopping",
              "helios-repl verify run " + name() + " goes on with the tables that are left"),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while verifying a tenant", e);
    }
  }

  /** The tenant's applier. Throws {@link OperatorException} when the tenant is not streaming. */
  Replica replica() {
    Replica replica = pipeline.replica();
    if (replica == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_NOT_STREAMING,
              "tenant \"" + name() + "\" is " + pipeline.standing().state(),
              "both sides can be compared at one point of the WAL only while the tenant streams",
              "helios-repl tenant status " + name()));
    }
    return replica;
  }

  private void compare(List<TenantTable> left) {
    CopyLane lane = load.enter(pipeline.tenant(), "verification", source.settings(), target.settings());
    try {
      compare(left, lane);
    } finally {
      load.leave(lane);
    }
  }

  private void compare(List<TenantTable> left, CopyLane lane) {
    TenantVerifier next =
        new TenantVerifier(
            source.snapshots(),
            target.settings().connection(),
            name(),
            left,
            new ReplicaHold(replica()),
            settings,
            lane::pass);
    pass = next;
    try {
      if (cancelled.getCount() == 0) {
        throw new CancellationException();
      }
      next.run(table -> grown(current().with(table)));
    } finally {
      pass = null;
      evidence = current().with(next.cost());
      keepCost();
    }
  }

  /** Also of a pass that failed, for which the store may be the reason. */
  private void keepCost() {
    try {
      keeper.accept(current());
    } catch (HeliosException e) {
      LOG.info("what the verification of tenant {} cost is not kept: {}", name(), e.getMessage());
    }
  }

  /** What is found is ours only once it is kept. */
  private Evidence grown(Evidence now) {
    keeper.accept(now);
    evidence = now;
    return now;
  }

  private int tablesDone() {
    Evidence now = evidence;
    return now == null ? 0 : now.tables().size();
  }

  private Evidence current() {
    Evidence now = evidence;
    if (now == null) {
      throw new IllegalStateException("a verification that has not begun");
    }
    return now;
  }

  /**
   * The evidence so far; nothing of it when it is of another source or another epoch.
   *
   * @param begun whether it grew in this run; else tables are compared again whose columns changed since, or that differed:
   *     somebody may have mended them
   */
  private Evidence begin(List<TenantTable> all, boolean begun) {
    SourceIdentity identity = source.askIdentity();
    String system = Long.toUnsignedString(identity.systemIdentifier());
    long epoch = pipeline.tenant().epoch();
    Evidence before = evidence;
    if (before != null
        && !before.complete()
        && before.tenantId().equals(pipeline.tenant().id())
        && before.epoch() == epoch
        && before.systemIdentifier().equals(system)
        && before.timeline() == identity.timeline()) {
      List<TableEvidence> still =
          before.tables().stream()
              .filter(known -> all.stream().anyMatch(table -> begun ? isOf(known, table) : stillHolds(known, table)))
              .toList();
      return grown(before.keeping(all.size(), still));
    }
    return grown(
        new Evidence(
            UUID.randomUUID(),
            pipeline.tenant().id(),
            name(),
            epoch,
            system,
            identity.timeline(),
            Instant.now(),
            null,
            all.size(),
            List.of(),
            VerificationCost.NONE));
  }

  private static boolean isOf(TableEvidence known, TenantTable table) {
    return known.table().equals(table.qualifiedName());
  }

  /** Whether the table was equal, in all that it has now. */
  private static boolean stillHolds(TableEvidence known, TenantTable table) {
    Set<String> now =
        table.definition().columns().stream()
            .filter(column -> !column.isGenerated())
            .map(ColumnDefinition::name)
            .collect(Collectors.toSet());
    return isOf(known, table) && known.equal() && now.equals(Set.copyOf(known.columns()));
  }

  private static List<TenantTable> left(List<TenantTable> all, Evidence found) {
    Set<String> done = found.tables().stream().map(TableEvidence::table).collect(Collectors.toSet());
    return all.stream().filter(table -> !done.contains(table.qualifiedName())).toList();
  }

  private String name() {
    return pipeline.tenant().name();
  }

  private List<TenantTable> tables() {
    try (Connection connection = PgConnections.open(source.settings().connection(), "verify", name())) {
      return tables.read(connection, pipeline.tenant());
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.VERIFY_SOURCE_FAILED,
          "the tables of source \"" + source.settings().name() + "\" cannot be read",
          "helios-repl source check " + source.settings().name());
    }
  }
}
