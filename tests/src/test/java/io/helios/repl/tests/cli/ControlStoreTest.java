package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.config.StoreLocation;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.server.ControlStore;
import io.helios.repl.server.StoredEvent;
import io.helios.repl.server.StoredTenant;
import io.helios.repl.server.VerificationHistory;
import io.helios.repl.status.DifferingKeys;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.VerificationCost;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Postgres;
import java.net.ConnectException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One suite, two databases. */
class ControlStoreTest {

  @Nested
  class OnSqlite extends Suite {
    @Override
    StoreLocation location() {
      return new StoreLocation.Sqlite();
    }

    @Override
    Connection raw() throws Exception {
      return DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("control.db"));
    }

    @Override
    String table(String name) {
      return name;
    }
  }

  @Nested
  class OnPostgres extends Suite {
    private final String database = Postgres.createDatabase(Postgres.shared(17, "source"));

    @Override
    StoreLocation location() {
      return new StoreLocation.Postgres(Postgres.shared(17, "source").settings(database));
    }

    @Override
    Connection raw() throws Exception {
      return Postgres.shared(17, "source").connect(database);
    }

    @Override
    String table(String name) {
      return "helios_control." + name;
    }

    @Test
    void aDatabaseThatIsNotThereIsNamedAndNoSecretIsRepeated() {
      ConnectionSettings nobody = new ConnectionSettings("127.0.0.1", 1, "control", "helios", "hunter2", Map.of());
      assertThatThrownBy(() -> ControlStore.open(new StoreLocation.Postgres(nobody), directory))
          .isInstanceOfSatisfying(
              TransientException.class,
              e -> {
                assertThat(e.problem().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
                assertThat(e.problem().message()).contains("127.0.0.1:1/control");
                assertThat(e.problem().toString()).doesNotContain("hunter2");
              })
          .hasRootCauseInstanceOf(ConnectException.class);
    }
  }

  abstract static class Suite {

    @TempDir Path directory;

    abstract StoreLocation location();

    abstract Connection raw() throws Exception;

    abstract String table(String name);

    private ControlStore open() {
      return ControlStore.open(location(), directory);
    }

    private void execute(String sql) throws Exception {
      try (Connection connection = raw()) {
        connection.createStatement().execute(sql);
      }
    }

    @Test
    void whatWasDeclaredComesBackAsItWasAfterOpeningAgain() {
      StoredTenant odd =
          new StoredTenant(
              new Tenant(
                  UUID.randomUUID(),
                  "acme",
                  "it's; DROP TABLE tenant --\u00e9\ud83d\ude80",
                  "shop",
                  "shop-eu",
                  new TableFilter(List.of("public.*", "!public.audit")),
                  Tier.PREMIUM,
                  Duration.ofMillis(1500),
                  ConflictPolicy.STOP,
                  7),
              DesiredState.RUNNING,
              Instant.parse("2026-01-01T12:34:56.789012Z"));
      open().insert(List.of(odd, tenant("b")));
      assertThat(open().tenant("acme")).contains(odd);
      assertThat(open().tenants()).extracting(t -> t.tenant().name()).containsExactly("acme", "b");
      assertThat(open().tenant("nobody")).isEmpty();
    }

    @Test
    void aTakenNameIsRefusedAndNothingOfTheListIsKept() {
      ControlStore store = open();
      store.insert(List.of(tenant("a")));
      assertThatThrownBy(() -> store.insert(List.of(tenant("b"), tenant("a"))))
          .isInstanceOfSatisfying(
              OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.TENANT_EXISTS));
      assertThat(store.tenants()).hasSize(1);
    }

    @Test
    void desiredStateAndEpochAreChangedAndATenantIsForgotten() {
      ControlStore store = open();
      StoredTenant a = tenant("a");
      store.insert(List.of(a, tenant("b")));
      store.setDesired(a.tenant().id(), DesiredState.PAUSED);
      store.setEpoch(a.tenant().id(), 9);
      assertThat(store.tenant("a"))
          .hasValueSatisfying(
              t -> {
                assertThat(t.desired()).isEqualTo(DesiredState.PAUSED);
                assertThat(t.tenant().epoch()).isEqualTo(9);
              });
      assertThat(store.tenant("b")).hasValueSatisfying(t -> assertThat(t.desired()).isEqualTo(DesiredState.CREATED));
      store.delete(a.tenant().id());
      assertThat(store.tenants()).extracting(t -> t.tenant().name()).containsExactly("b");
    }

    @Test
    void theHistoryIsListedTheNewestFirst() {
      ControlStore store = open();
      Problem problem = new Problem(ErrorCode.INTERNAL, "what", "why", "run this");
      Instant at = Instant.parse("2026-01-01T00:00:00.000001Z");
      store.append(
          List.of(
              new FleetEvent(at, FleetEvent.Severity.INFO, "a", "tenant-state", "first", null),
              new FleetEvent(at, FleetEvent.Severity.ERROR, "b", "tenant-state", "second", problem),
              new FleetEvent(at, FleetEvent.Severity.WARN, null, "source-lost", "third", null)));
      assertThat(store.events(null, 10)).extracting(StoredEvent::message).containsExactly("third", "second", "first");
      assertThat(store.events(null, 2)).hasSize(2);
      assertThat(store.events("b", 10))
          .singleElement()
          .satisfies(
              e -> {
                assertThat(e.at()).isEqualTo(at);
                assertThat(e.severity()).isEqualTo(FleetEvent.Severity.ERROR);
                assertThat(e.code()).isEqualTo("HR-9001");
                assertThat(e.hint()).isEqualTo("run this");
              });
    }

    @Test
    void theHistoryIsBounded() {
      ControlStore store = open();
      for (int batch = 0; batch < 11; batch++) {
        int first = batch * 1_000;
        store.append(
            IntStream.range(first, first + 1_000)
                .mapToObj(
                    i -> new FleetEvent(Instant.now(), FleetEvent.Severity.INFO, null, "test", "event " + i, null))
                .toList());
      }
      List<StoredEvent> events = store.events(null, 20_000);
      assertThat(events).hasSize(10_000);
      assertThat(events.getFirst().message()).isEqualTo("event 10999");
      assertThat(events.getLast().message()).isEqualTo("event 1000");
    }

    @Test
    void evidenceGrowsTableByTableAndIsForgottenBeyondTwentyOfATenant() {
      UUID acme = UUID.randomUUID();
      UUID other = UUID.randomUUID();
      VerificationHistory history = new VerificationHistory(open());
      Instant begun = Instant.parse("2026-01-01T00:00:00.123456Z");
      history.keep(evidence(new UUID(9, 9), other, begun));
      for (int i = 0; i < 25; i++) {
        history.keep(evidence(new UUID(0, i), acme, begun.plusSeconds(i)));
      }
      Evidence last = evidence(new UUID(0, 24), acme, begun.plusSeconds(24));
      for (String table : List.of("public.b", "public.a", "public.it's")) {
        last = last.with(found(table, begun));
        history.keep(last);
      }
      last = last.with(new VerificationCost(1, 2, 3, 4, 5, 6, 7)).ended(begun.plusSeconds(99));
      history.keep(last);

      List<VerificationHistory.Entry> kept = new VerificationHistory(open()).of(acme, 99);
      assertThat(kept).hasSize(20).noneMatch(VerificationHistory.Entry::superseded);
      assertThat(kept.getLast().evidence().id()).isEqualTo(new UUID(0, 5));
      Evidence read = kept.getFirst().evidence();
      assertThat(read.tables()).containsExactlyInAnyOrderElementsOf(last.tables());
      assertThat(read.keeping(3, List.of())).isEqualTo(last.keeping(3, List.of()));

      history.keep(last.keeping(2, List.of(found("public.a", begun))));
      assertThat(history.of(acme, 99).getFirst().evidence().tables()).extracting(TableEvidence::table).containsExactly("public.a");
      history.supersede(acme);
      history.keep(last);
      assertThat(history.of(acme, 99)).allMatch(VerificationHistory.Entry::superseded);
      history.forget(acme);
      assertThat(history.of(acme, 99)).isEmpty();
      assertThat(history.of(other, 1)).hasSize(1).noneMatch(VerificationHistory.Entry::superseded);
    }

    private static Evidence evidence(UUID id, UUID tenant, Instant begun) {
      return new Evidence(id, tenant, "acme", 1, "7512345678901234567", 1, begun, null, 3, List.of(), VerificationCost.NONE);
    }

    private static TableEvidence found(String table, Instant at) {
      return new TableEvidence(
          table, Lsn.parse("FFFFFFFF/FFFFFFF0"), at, 1, 2, "aa", "bb", List.of("id"), 0, 0, 1,
          new DifferingKeys("\"t\"", null, "h", true, List.of("00", "ff")));
    }

    @Test
    void aStoreOfANewerVersionIsNotTouched() throws Exception {
      open();
      execute("INSERT INTO " + table("migration") + " (version, at_micros) VALUES (99, 0)");
      assertThatThrownBy(this::open)
          .isInstanceOfSatisfying(
              OperatorException.class, e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.STORE_TOO_NEW));
    }

    @Test
    void aStoreThatBreaksLaterSaysSo() throws Exception {
      ControlStore store = open();
      execute("DROP TABLE " + table("tenant"));
      assertThatThrownBy(store::tenants)
          .isInstanceOfSatisfying(
              TransientException.class,
              e -> {
                assertThat(e.problem().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
                assertThat(e.problem().hint()).contains("replication goes on");
              });
    }

    @Test
    void twoServersMayOpenItAtTheSameTime() {
      IntStream.range(0, 8).parallel().forEach(i -> open().insert(List.of(tenant("t" + i))));
      assertThat(open().tenants()).hasSize(8);
    }

    private static StoredTenant tenant(String name) {
      return new StoredTenant(
          new Tenant(
              UUID.randomUUID(),
              name,
              name,
              "shop",
              "shop-eu",
              TableFilter.ALL,
              Tier.STANDARD,
              Duration.ofSeconds(5),
              ConflictPolicy.SOURCE_WINS,
              1),
          DesiredState.CREATED,
          Instant.parse("2026-01-01T00:00:00Z"));
    }
  }
}
