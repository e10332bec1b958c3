package io.helios.repl.tests.gaps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The source's files are put back to an older copy of themselves, or another server answers at its address. */
@Tag("long")
class RestoredSourceTest {

  @TempDir Path directory;

  private OwnServer server;
  private Orders orders;

  @BeforeEach
  void start() {
    server = OwnServer.start(directory.resolve("source"));
    Database source = server.database(Postgres.createDatabase(server.server()));
    orders = new Orders(directory.resolve("fleet"), source, Database.create(Postgres.shared(17, "target")));
    orders.create();
  }

  @AfterEach
  void end() {
    server.close();
  }

  private Path copy() {
    Path copy = directory.resolve("copy");
    server.stop();
    server.copyTo(copy);
    server.start();
    return copy;
  }

  @Test
  void putBackUnderOurHandsItsWalHasGoneBack() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      Path copy = copy();
      orders.write("a", 300, 330);
      replication.catchUp(a);
      server.stop();
      server.replaceBy(copy);
      server.start();
      Orders.gap(replication, a, ErrorCode.SOURCE_WENT_BACK);
      Orders.gap(replication, b, ErrorCode.SOURCE_WENT_BACK);
      orders.resync(replication, a, b);
    }
  }

  @Test
  void putBackAndWrittenPastWhatWasCapturedItsHistoryIsAnother() throws Exception {
    try (Replication replication = orders.replicate()) {
      replication.start("a");
      replication.start("b");
      orders.awaitRelease();
    }
    Path copy = copy();
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      orders.write("a", 300, 330);
      replication.catchUp(a);
      replication.catchUp(b);
    }
    String end = orders.source().value("SELECT pg_current_wal_lsn()");
    server.stop();
    server.replaceBy(copy);
    server.start();
    for (int i = 0; !"t".equals(orders.source().value("SELECT pg_current_wal_lsn() > '" + end + "'")); i++) {
      orders.write("a", 1000 + 50 * i, 1040 + 50 * i);
    }
    orders.write("b", 300, 310);
    try (Replication replication = orders.replicate()) {
      UUID a = replication.add("a", DesiredState.RUNNING);
      UUID b = replication.add("b", DesiredState.RUNNING);
      Orders.gap(replication, a, ErrorCode.SOURCE_HISTORY);
      Orders.gap(replication, b, ErrorCode.SOURCE_HISTORY);
      assertThat(orders.target().query("SELECT id FROM orders WHERE id BETWEEN 1000 AND 4000"))
          .as("nothing of the other history was applied")
          .isEmpty();
      orders.resync(replication, a, b);
    }
  }

  @Test
  void anotherServerAtItsAddressIsNotTakenForIt() throws Exception {
    try (Replication replication = orders.replicate()) {
      replication.start("a");
      replication.start("b");
    }
    String name = orders.source().name();
    server.stop();
    try (OwnServer other = new OwnServer(directory.resolve("other"), java.util.Map.of(), server.port())) {
      other.start();
      Postgres.execute(other.server(), "postgres", "CREATE DATABASE " + name);
      orders.create();
      try (Replication replication = orders.replicate()) {
        UUID a = replication.add("a", DesiredState.RUNNING);
        UUID b = replication.add("b", DesiredState.RUNNING);
        Orders.gap(replication, a, ErrorCode.SOURCE_CHANGED);
        Orders.gap(replication, b, ErrorCode.SOURCE_CHANGED);
        orders.resync(replication, a, b);
      }
    }
    server.start();
  }

  @Test
  void aShutdownOfTheServerDoesNotWaitForUs() throws Exception {
    try (Replication replication = orders.replicate()) {
      UUID a = replication.start("a");
      UUID b = replication.start("b");
      replication.fleet.pauseTenant(b);
      orders.write("a", 300, 310);
      orders.write("b", 300, 310);
      replication.catchUp(a);
      server.stop();
      assertThat(server.data().resolve("postmaster.pid")).as("it has ended").doesNotExist();
      server.start();
      replication.fleet.resumeTenant(b);
      await().atMost(Replication.PATIENCE).ignoreExceptions().untilAsserted(() -> replication.catchUp(b));
      orders.equal(replication);
    }
  }
}
