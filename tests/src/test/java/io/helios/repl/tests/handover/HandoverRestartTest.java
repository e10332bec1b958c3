package io.helios.repl.tests.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.pipeline.Handover;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The fleet ends and begins again between two steps of a handover: nothing that is written anywhere is missed. */
class HandoverRestartTest {

  @TempDir Path directory;

  private TwoHomes homes() {
    Database one = Database.create(Postgres.shared(17, "source"));
    Database two = Database.create(Postgres.shared(17, "target"));
    one.execute(
        "CREATE TABLE orders (tenant_id text, id bigserial, amount int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders (tenant_id, amount) SELECT t, g FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 10) g");
    return new TwoHomes(directory, one, two, new Tenancy.ByColumn("tenant_id"));
  }

  private static void write(Database home, int amount) {
    home.execute("INSERT INTO orders (tenant_id, amount) VALUES ('a', " + amount + ")");
  }

  private static void same(TwoHomes homes, Tenant tenant, int... amounts) throws InterruptedException {
    homes.catchUp(tenant);
    StringBuilder expected = new StringBuilder();
    for (int amount : amounts) {
      expected.append(expected.isEmpty() ? "" : " ").append(amount);
    }
    for (Database home : List.of(homes.one, homes.two)) {
      assertThat(home.value(
              "SELECT string_agg(amount::text, ' ' ORDER BY id) FROM orders WHERE tenant_id = 'a' AND amount >= 1000"))
          .as(home.name())
          .isEqualTo(expected.toString());
    }
    assertThat(homes.fleet.status(tenant.id()).conflicts()).isZero();
  }

  @Test
  void afterItWasArmed() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      homes.restart(tenant);
      write(homes.one, 1000);
      homes.streams(tenant.id());
      Tenant moved = homes.cutOver(tenant, 2);
      write(homes.two, 2000);
      same(homes, moved, 1000, 2000);
    }
  }

  @Test
  void afterArmingItWasNotedAndBeforeAnythingOfThatWasMade() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      Files.writeString(
          Files.createDirectory(directory.resolve("moves")).resolve(tenant.id().toString()),
          String.join("\n", homes.one.name(), homes.two.name(), "0", UUID.randomUUID().toString(), "false"));
      homes.restart(tenant);
      homes.streams(tenant.id());
      homes.handover(tenant).arm();
      Tenant moved = homes.cutOver(tenant, 2);
      write(homes.two, 2000);
      same(homes, moved, 2000);
    }
  }

  @Test
  void afterItWasClosedAtItsHomeAndBeforeAnybodyKnowsHowItEnds() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      Handover before = homes.handover(tenant);
      before.arm();
      Handover.Fence fence = before.fence(2, Duration.ofSeconds(1));
      fence.close();
      homes.restart(tenant);
      Handover after = homes.handover(tenant);
      if (after.refuse(2)) {
        after.lift(2, Duration.ofSeconds(5));
        homes.streams(tenant.id());
        write(homes.one, 1000);
        homes.handover(tenant).arm();
        Tenant moved = homes.cutOver(tenant, 3);
        write(homes.two, 2000);
        same(homes, moved, 1000, 2000);
      } else {
        write(homes.two, 1000);
        Tenant moved = after.turn(2);
        homes.streams(tenant.id());
        write(homes.two, 2000);
        same(homes, moved, 1000, 2000);
      }
    }
  }

  @Test
  void afterTheTargetTookItAndItsUsersWroteThere() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      Handover before = homes.handover(tenant);
      before.arm();
      try (Handover.Fence fence = before.fence(2, Duration.ofSeconds(1))) {
        assertThat(fence.markerLsn().value()).isNotZero();
        assertThat(before.awaitPromoted(2, TwoHomes.PATIENCE)).isTrue();
      }
      write(homes.two, 1000);
      homes.restart(tenant);
      write(homes.two, 2000);
      homes.captured(homes.two);
      homes.restart(tenant);
      write(homes.two, 3000);
      homes.captured(homes.two);
      assertThat(homes.handover(tenant).refuse(2)).isFalse();
      Tenant moved = homes.handover(tenant).turn(2);
      homes.streams(tenant.id());
      write(homes.two, 4000);
      same(homes, moved, 1000, 2000, 3000, 4000);
    }
  }

  /** Rows without a key would be there twice at home, if what had come from there went back. */
  @Test
  void whileTheNewHomesCaptureHasNotComeToTheMarkerNothingGoesBack() throws Exception {
    try (TwoHomes homes = homes();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      homes.one.execute(
          "CREATE TABLE visits (tenant_id text, page int)", "ALTER TABLE visits REPLICA IDENTITY FULL");
      Tenant tenant = homes.start("a");
      Handover handover = homes.handover(tenant);
      handover.arm();
      String pid = "SELECT active_pid FROM pg_replication_slots WHERE active AND database = '" + homes.two.name() + "'";
      try (Handover.Prepared prepared = handover.prepare(2);
          StoppedProcess walsender = StoppedProcess.of(homes.two.value(pid))) {
        homes.one.execute("INSERT INTO visits SELECT 'a', g FROM generate_series(1, 100) g");
        Handover.Fence fence = prepared.close(Duration.ofSeconds(5));
        assertThat(handover.awaitPromoted(2, TwoHomes.PATIENCE)).isTrue();
        fence.close();
        Future<Tenant> turning = threads.submit(() -> handover.turn(2));
        try {
          turning.get(500, TimeUnit.MILLISECONDS);
        } catch (TimeoutException waits) {
          // for the marker: as it should
        }
        walsender.goesOn();
        Tenant moved = turning.get(60, TimeUnit.SECONDS);
        homes.streams(tenant.id());
        write(homes.two, 2000);
        same(homes, moved, 2000);
      }
      for (Database home : List.of(homes.one, homes.two)) {
        assertThat(home.value("SELECT count(*) FROM visits")).as(home.name()).isEqualTo("100");
      }
    }
  }

  @Test
  void whatIsWrittenAtTheNewHomeIsFoundAfterItsStreamBroke() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      Handover handover = homes.handover(tenant);
      handover.arm();
      try (Handover.Fence _ = handover.fence(2, Duration.ofSeconds(5))) {
        assertThat(handover.awaitPromoted(2, TwoHomes.PATIENCE)).isTrue();
      }
      write(homes.two, 2000);
      homes.captured(homes.two);
      String broken = homes.two.value("SELECT active_pid FROM pg_replication_slots WHERE active AND database = current_database()");
      homes.two.query("SELECT pg_terminate_backend(" + broken + ")");
      write(homes.two, 3000);
      homes.captured(homes.two);
      Tenant moved = handover.turn(2);
      homes.streams(tenant.id());
      write(homes.two, 4000);
      same(homes, moved, 2000, 3000, 4000);
    }
  }

  /** Is held up until it goes on. */
  private record StoppedProcess(String pid) implements AutoCloseable {

    static StoppedProcess of(String pid) throws Exception {
      signal("-STOP", pid);
      return new StoppedProcess(pid);
    }

    void goesOn() throws Exception {
      signal("-CONT", pid);
    }

    private static void signal(String signal, String pid) throws Exception {
      assertThat(new ProcessBuilder("kill", signal, pid).start().waitFor()).isZero();
    }

    @Override
    public void close() throws Exception {
      goesOn();
    }
  }

  @Test
  void afterTheOldHomeFollowedButBeforeAnybodyNotedIt() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      Tenant moved = homes.cutOver(tenant, 2);
      write(homes.two, 1000);
      same(homes, moved, 1000);
      await().atMost(TwoHomes.PATIENCE).until(() -> homes.fleet.status(tenant.id()).lagBytes() == 0);
      homes.restart(tenant); // as it was before
      write(homes.two, 2000);
      homes.captured(homes.two);
      assertThat(homes.handover(tenant).turn(2)).isEqualTo(moved);
      homes.streams(tenant.id());
      write(homes.two, 3000);
      same(homes, moved, 1000, 2000, 3000);
    }
  }

  @Test
  void afterAllOfItWasDone() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      Tenant moved = homes.cutOver(tenant, 2);
      write(homes.two, 1000);
      homes.restart(moved);
      write(homes.two, 2000);
      homes.streams(tenant.id());
      homes.handover(moved).arm();
      Tenant again = homes.cutOver(moved, 3);
      write(homes.one, 3000);
      homes.restart(again);
      homes.streams(tenant.id());
      write(homes.one, 4000);
      same(homes, again, 1000, 2000, 3000, 4000);
    }
  }

  @Test
  void afterItWasDisarmedOrLeftNothingOfItRemainsButTheClosedDoor() throws Exception {
    try (TwoHomes homes = homes()) {
      Tenant tenant = homes.start("a");
      homes.handover(tenant).arm();
      homes.handover(tenant).disarm();
      write(homes.one, 1000);
      assertThat(homes.one.query("SELECT * FROM helios.replica")).isEmpty();
      assertThat(homes.one.query("SELECT tgname FROM pg_trigger WHERE tgname LIKE '!helios%'")).isEmpty();

      homes.handover(tenant).arm();
      Tenant moved = homes.cutOver(tenant, 2);
      write(homes.two, 2000);
      same(homes, moved, 1000, 2000);
      homes.handover(moved).leave(true);
      assertThat(homes.one.value("SELECT count(*) FROM orders WHERE tenant_id = 'a'")).isEqualTo("0");
      assertThat(homes.one.value("SELECT count(*) FROM orders WHERE tenant_id = 'b'")).isEqualTo("10");
      assertThat(homes.two.value("SELECT count(*) FROM orders WHERE tenant_id = 'a'")).isEqualTo("12");
      assertThat(homes.two.query("SELECT * FROM helios.replica")).isEmpty();
      assertThatThrownBy(() -> write(homes.one, 3000))
          .rootCause()
          .hasMessageContaining("has moved to region there");
      write(homes.two, 3000);
      assertThat(homes.two.query(
              "SELECT slot_name FROM pg_replication_slots WHERE database = '" + homes.two.name() + "'"))
          .as("a slot that nobody reads")
          .isEmpty();
    }
  }
}
