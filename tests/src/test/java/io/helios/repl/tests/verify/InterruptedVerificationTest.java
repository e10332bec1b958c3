package io.helios.repl.tests.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.TenantVerification;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.VerificationCost;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import io.helios.repl.verify.VerifySettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A verification of several tables that does not get through in one go. */
class InterruptedVerificationTest {

  /** A table after the other, with half a second between two of them. */
  private static final VerifySettings ONE_BY_ONE =
      VerifySettings.DEFAULT.withPatience(Replication.PATIENCE).withParallelism(1).withBytesPerSecond(100 << 10);

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));
  private final List<Evidence> kept = new CopyOnWriteArrayList<>();
  private Replication replication;
  private UUID tenant;

  @BeforeEach
  void replicate() throws InterruptedException {
    for (String table : List.of("t1", "t2", "t3", "t4")) {
      source.execute(
          "CREATE TABLE " + table + " (id int PRIMARY KEY, v text)",
          "INSERT INTO " + table + " SELECT i, repeat('x', 50) FROM generate_series(1, 500) i");
    }
    replication = new Replication(directory, source, target, new Tenancy.ByDatabase(), null);
    tenant = replication.start("a");
    replication.catchUp(tenant);
  }

  @AfterEach
  void close() {
    replication.close();
  }

  @Test
  void whenItsSessionsAreKilledOnlyTheTablesThatAreLeftAreComparedAgain() throws Exception {
    AtomicBoolean killed = new AtomicBoolean();
    Evidence found = verify(ONE_BY_ONE, evidence -> {
      if (evidence.tables().size() == 1 && killed.compareAndSet(false, true)) {
        source.execute("INSERT INTO t1 VALUES (1001, 'later')");
        for (Database database : List.of(source, target)) {
          database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
              + " AND application_name LIKE 'helios-repl/verify%'");
        }
      }
    });
    assertThat(killed).isTrue();
    assertThat(found.complete()).isTrue();
    assertThat(found.equal()).as("%s", found).isTrue();
    assertThat(found.tables()).hasSize(4);
    assertThat(found.cost().points()).isEqualTo(2);
    TableEvidence first = kept.stream().filter(e -> e.tables().size() == 1).findFirst().orElseThrow().tables().getFirst();
    assertThat(found.tables()).contains(first);
    assertThat(found.tables().stream().filter(t -> t.lsn().isAfter(first.lsn()))).hasSize(3);
    assertThat(found.lsn()).isEqualTo(first.lsn());
    assertThat(kept).extracting(Evidence::id).containsOnly(found.id());
    assertThat(kept.stream().map(e -> e.tables().size())).isSorted();
  }

  @Test
  void whenItsSnapshotsAreOldTheRestIsComparedAtLaterPoints() throws Exception {
    Evidence found = verify(VerifySettings.DEFAULT.withPatience(Replication.PATIENCE).withSnapshotBudget(Duration.ZERO), e -> {});
    assertThat(found.equal()).isTrue();
    assertThat(found.cost().points()).isEqualTo(4);
    assertThat(found.tables()).extracting(TableEvidence::lsn).doesNotHaveDuplicates();
  }

  @Test
  void whatCouldNotBeKeptIsComparedAgain() throws Exception {
    AtomicBoolean failed = new AtomicBoolean();
    Evidence found = verify(ONE_BY_ONE, evidence -> {
      if (evidence.tables().size() == 2 && failed.compareAndSet(false, true)) {
        throw new TransientException(new Problem(ErrorCode.STORE_UNAVAILABLE, "the store is away", "a test", "none"));
      }
    });
    assertThat(failed).isTrue();
    assertThat(found.tables()).hasSize(4);
    assertThat(found.equal()).isTrue();
    assertThat(found.cost().points()).isEqualTo(2);
  }

  @Test
  void oneAtATimeRunsAndTheApplierDoesNotWaitForIt() throws Exception {
    TenantVerification slow = begin(ONE_BY_ONE.withBytesPerSecond(1), null);
    Awaitility.await().atMost(Replication.PATIENCE).until(() -> slow.progress().tablesDone() == 1);
    source.execute("INSERT INTO t2 VALUES (1001, 'while it runs')");
    replication.catchUp(tenant);
    assertThatThrownBy(() -> begin(ONE_BY_ONE, null))
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.VERIFY_RUNNING));
    slow.cancel();
    assertThatThrownBy(() -> Fleet.await(slow.result(), Replication.PATIENCE))
        .isInstanceOfSatisfying(
            OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.VERIFY_CANCELLED));

    Evidence broken = kept.getLast();
    assertThat(broken.tables()).hasSize(1);
    assertThat(broken.cost().pausedMillis()).isPositive();
    Evidence ended = await(begin(VerifySettings.DEFAULT, broken));
    assertThat(ended.id()).isEqualTo(broken.id());
    assertThat(ended.tables()).hasSize(4).contains(broken.tables().getFirst());
    assertThat(ended.equal()).isTrue();
  }

  @Test
  void evidenceOfAnotherSourceOrEpochIsNotGoneOnWithNorATableThatChangedOrDiffered() throws Exception {
    Evidence whole = verify(VerifySettings.DEFAULT, e -> {});
    Evidence unfinished =
        new Evidence(
            UUID.randomUUID(), tenant, "a", whole.epoch(), whole.systemIdentifier(), whole.timeline(), whole.begunAt(), null, 4,
            whole.tables().subList(0, 3), VerificationCost.NONE);
    Evidence other =
        new Evidence(
            unfinished.id(), tenant, "a", whole.epoch(), "1", whole.timeline(), whole.begunAt(), null, 4, unfinished.tables(),
            VerificationCost.NONE);
    Evidence older =
        new Evidence(
            unfinished.id(), tenant, "a", whole.epoch() - 1, whole.systemIdentifier(), whole.timeline(), whole.begunAt(), null,
            4, unfinished.tables(), VerificationCost.NONE);
    for (Evidence unfit : List.of(other, older)) {
      Evidence anew = await(begin(VerifySettings.DEFAULT, unfit));
      assertThat(anew.id()).isNotEqualTo(unfit.id());
      assertThat(anew.tables()).allMatch(t -> t.lsn().isAfter(whole.lsn()));
    }
    String changed = unfinished.tables().getFirst().table();
    for (Database database : List.of(target, source)) {
      database.execute("ALTER TABLE " + changed + " ADD COLUMN w int");
    }
    TableEvidence second = unfinished.tables().get(1);
    TableEvidence differed =
        new TableEvidence(
            second.table(), second.lsn(), second.at(), 500, 500, second.sourceDigest(), "other", second.columns(), 1, 0, 0, null);
    Evidence gone = await(begin(VerifySettings.DEFAULT, unfinished.with(differed)));
    assertThat(gone.id()).isEqualTo(unfinished.id());
    assertThat(gone.equal()).as("mended meanwhile").isTrue();
    assertThat(gone.tables().stream().filter(t -> t.lsn().equals(whole.lsn())))
        .singleElement()
        .isEqualTo(unfinished.tables().get(2));
    assertThat(gone.tables()).hasSize(4).filteredOn(t -> t.table().equals(changed)).allMatch(t -> t.columns().contains("w"));
  }

  private Evidence verify(VerifySettings settings, Consumer<Evidence> keeper) throws InterruptedException {
    return await(replication.fleet.verify(tenant, settings, null, evidence -> {
      keeper.accept(evidence);
      kept.add(evidence);
    }));
  }

  private TenantVerification begin(VerifySettings settings, Evidence unfinished) {
    return replication.fleet.verify(tenant, settings, unfinished, kept::add);
  }

  private static Evidence await(TenantVerification verification) throws InterruptedException {
    return Fleet.await(verification.result(), Replication.PATIENCE);
  }
}
