package io.helios.repl.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.change.Change;
import io.helios.repl.change.ChangeReader;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.change.FrameEntry;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputBytes;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalCaptureTest {

  private static final Relation ORDERS =
      new Relation(
          1,
          "public",
          "orders",
          'd',
          List.of(
              new Relation.Column("tenant_id", 23, -1, true),
              new Relation.Column("id", 23, -1, true),
              new Relation.Column("body", 25, -1, false)));
  private static final UUID ONE = new UUID(0, 1);
  private static final UUID TWO = new UUID(0, 2);
  private static final SourceIdentity SOURCE = new SourceIdentity(77, 1, "shop", new Lsn(1));

  @TempDir Path directory;
  private final MemoryKeyring keyring = new MemoryKeyring(new byte[32]);
  private final FrameSealer sealer = new FrameSealer(keyring, 1);
  private final FrameOpener opener = new FrameOpener(keyring);
  private RelayLimits limits = new RelayLimits(64 << 20, 64 << 20);
  private CaptureSettings settings = settings(256 << 10, 16 << 20, 1 << 30);
  private RelayJournal journal;
  private long clock = 1;
  private Lsn releasable = Lsn.MAX;
  private ScriptedWalStream stream = new ScriptedWalStream();

  @BeforeEach
  void open() throws IOException {
    journal = RelayJournal.open(new DirectorySegmentFiles(directory), limits);
  }

  @AfterEach
  void close() {
    journal.close();
    sealer.close();
  }

  @Test
  void aTransactionIsDurableInItsTenantsFramesOnceNothingMoreWaits() {
    WalCapture capture = capture();
    stream.say(PgOutputBytes.begin(100, 5), PgOutputBytes.relation(ORDERS), insert("1", "10"), insert("2", "20"));
    stream.say(insert("1", "11"), insert("9", "90"), PgOutputBytes.commit(100, 110, 5));
    drain(capture);
    assertThat(read(ONE)).containsExactly("begin 0/64", "insert 1,10", "insert 1,11", "end 0/64");
    assertThat(read(TWO)).containsExactly("begin 0/64", "insert 2,20", "end 0/64");
    assertThat(journal.capturedUpTo()).isEqualTo(110);
    CaptureStatus status = capture.status();
    assertThat(status.receivedUpTo()).isEqualTo(new Lsn(110));
    assertThat(status.durableUpTo()).isEqualTo(new Lsn(110));
    assertThat(status.lastCommitMicros()).isEqualTo(5);
    assertThat(status.rows()).isEqualTo(3);
    assertThat(status.failures()).isEmpty();
    Frame frame = journal.fetch(ONE, 0, 0, 1 << 20).getFirst();
    assertThat(frame.header().firstPosition()).isEqualTo(100);
    assertThat(frame.header().lastPosition()).isEqualTo(100);
    assertThat(frame.header().complete()).isTrue();
    assertThat(frame.header().systemIdentifier()).isEqualTo(77);
    assertThat(frame.header().changes()).isEqualTo(2);
  }

  @Test
  void whatCameWholeBeforeTheStreamBrokeOffIsDurableAndNothingOfWhatDidNot() {
    WalCapture capture = capture();
    transaction(100, insert("1", "10"));
    stream.breaks();
    assertThatThrownBy(capture::runOnce).isInstanceOf(TransientException.class);
    assertThat(read(ONE)).containsExactly("begin 0/64", "insert 1,10", "end 0/64");
    long before = journal.capturedUpTo();

    journal.rewind();
    stream = new ScriptedWalStream();
    capture = capture();
    stream.say(PgOutputBytes.begin(200, 5), PgOutputBytes.relation(ORDERS), insert("1", "11")).breaks();
    assertThatThrownBy(capture::runOnce).isInstanceOf(TransientException.class);
    assertThat(journal.capturedUpTo()).isEqualTo(before);
    assertThat(read(ONE)).containsExactly("begin 0/64", "insert 1,10", "end 0/64");
  }

  @Test
  void theSlotIsToldTheOldestThatSomebodyLacksAndNeverMoreThanTheBudgetBehind() {
    settings = settings(256 << 10, 16 << 20, 1000);
    WalCapture capture = capture();
    transaction(100, insert("1", "10"));
    drain(capture);
    assertThat(stream.released()).isEqualTo(new Lsn(100));
    transaction(200, insert("2", "20"));
    drain(capture);
    assertThat(stream.released()).isEqualTo(new Lsn(100));
    journal.acknowledge(ONE, 100);
    pass(Duration.ofMillis(200));
    drain(capture);
    assertThat(stream.released()).isEqualTo(new Lsn(200));
    journal.acknowledge(TWO, 200);
    pass(Duration.ofMillis(200));
    drain(capture);
    assertThat(stream.released()).isEqualTo(new Lsn(210));
    transaction(300, insert("2", "21"));
    transaction(5000, insert("1", "11"));
    drain(capture);
    assertThat(stream.released()).as("the budget").isEqualTo(new Lsn(4010));
    assertThat(capture.status().releasedUpTo()).isEqualTo(new Lsn(4010));
  }

  /** A tenant may have begun to stream meanwhile that is not as far. */
  @Test
  void whatMayGoIsAskedAnewOnceItIsKnownWhoseHistoryItIs() {
    stream.known(false);
    WalCapture capture = capture();
    transaction(100, insert("1", "10"));
    drain(capture);
    assertThat(stream.released()).isEqualTo(Lsn.INVALID);
    assertThat(capture.status().releasedUpTo()).isEqualTo(Lsn.INVALID);
    releasable = new Lsn(50);
    stream.known(true);
    pass(Duration.ofMillis(200));
    drain(capture);
    assertThat(stream.released()).isEqualTo(new Lsn(50));
  }

  @Test
  void underABacklogFramesFillWhileTheAppliersAreBusyAndComeEarlyWhenTheyAreNot() {
    settings =
        new CaptureSettings(
            1 << 30,
            256 << 10,
            16 << 20,
            Duration.ofMillis(50),
            Duration.ofMillis(5),
            Duration.ofSeconds(1),
            Duration.ofMillis(1),
            Duration.ZERO);
    WalCapture capture = capture();
    for (int i = 1; i <= 1000; i++) {
      transaction(100 * i, insert("1", String.valueOf(i)));
    }
    while (!stream.isSpent()) {
      capture.runOnce();
    }
    List<Frame> frames = journal.fetch(ONE, 0, 0, 1 << 20);
    int early = frames.getFirst().header().changes();
    assertThat(early).as("nobody had anything to do").isLessThan(100);
    assertThat(frames.get(1).header().changes()).as("there was something to apply").isGreaterThan(3 * early);
    capture.runOnce();
    journal.acknowledge(ONE, 100_000);
    for (int i = 1001; i <= 1600; i++) {
      transaction(100 * i, insert("1", String.valueOf(i)));
    }
    while (!stream.isSpent()) {
      capture.runOnce();
    }
    frames = journal.fetch(ONE, 100_000, 0, 1 << 20);
    assertThat(frames.getFirst().header().changes()).as("all was applied").isLessThan(100);
  }

  @Test
  void theSlotIsToldNoMoreThanTheTargetsHaveWrittenDown() {
    settings = settings(256 << 10, 16 << 20, 1000);
    releasable = new Lsn(50);
    WalCapture capture = capture();
    transaction(100, insert("1", "10"));
    drain(capture);
    journal.acknowledge(ONE, 100);
    pass(Duration.ofMillis(200));
    drain(capture);
    assertThat(stream.released()).isEqualTo(new Lsn(50));
    releasable = new Lsn(105);
    pass(Duration.ofMillis(200));
    drain(capture);
    assertThat(stream.released()).isEqualTo(new Lsn(105));
    transaction(5000, insert("9", "11"));
    drain(capture);
    pass(Duration.ofSeconds(2));
    drain(capture);
    assertThat(stream.released()).as("the budget").isEqualTo(new Lsn(4010));
  }

  @Test
  void transactionsOfNobodyCostNoFrameButAdvanceThePosition() {
    WalCapture capture = capture();
    transaction(100, insert("9", "10"));
    drain(capture);
    assertThat(capture.status().receivedUpTo()).isEqualTo(new Lsn(110));
    assertThat(journal.capturedUpTo()).isZero();
    stream.keepAliveAt(500);
    drain(capture);
    assertThat(capture.status().receivedUpTo()).as("the barrier does not wait for a mark").isEqualTo(new Lsn(500));
    pass(Duration.ofSeconds(1));
    drain(capture);
    assertThat(journal.capturedUpTo()).isEqualTo(500);
    assertThat(stream.released()).isEqualTo(new Lsn(500));
    assertThat(journal.tenants()).isEmpty();
    stream.keepAliveAt(600);
    pass(Duration.ofMillis(500));
    drain(capture);
    assertThat(journal.capturedUpTo()).as("at most once a second").isEqualTo(500);
  }

  @Test
  void whatTheJournalHoldsIsSkippedAfterARestart() {
    WalCapture capture = capture();
    transaction(100, insert("1", "10"));
    transaction(200, insert("1", "20"));
    drain(capture);
    restart();
    capture = capture();
    transaction(100, insert("1", "10"));
    transaction(200, insert("1", "20"));
    transaction(300, insert("1", "30"));
    drain(capture);
    assertThat(inserts(ONE)).containsExactly("10", "20", "30");
  }

  @Test
  void aTransactionThatBrokeOffInTheMiddleComesAgainOnce() {
    settings = settings(100, 1000, 1 << 30);
    WalCapture capture = capture();
    transaction(100, insert("1", "10"));
    stream.silence();
    stream.say(PgOutputBytes.begin(200, 0));
    for (int i = 20; i < 60; i++) {
      stream.say(insert("1", String.valueOf(i)));
    }
    drain(capture);
    assertThat(inserts(ONE)).containsExactly("10");
    // The same process with another stream: what was appended in part is taken back.
    stream = new ScriptedWalStream();
    capture = capture();
    transaction(100, insert("1", "10"));
    transaction(200, insert("1", "20"), insert("1", "21"));
    drain(capture);
    assertThat(inserts(ONE)).containsExactly("10", "20", "21");
  }

  @Test
  void aTableOfATypeThatIsNotPortableEndsABinaryStreamBeforeAnythingOfItsTransactionIsKept() {
    Relation moods = new Relation(2, "public", "moods", 'd', List.of(
        new Relation.Column("tenant_id", 23, -1, true), new Relation.Column("mood", 16_500, -1, false)));
    settings = settings(100, 1000, 1 << 30);
    stream.inBinary();
    WalCapture capture = capture();
    transaction(100, insert("1", "10"));
    drain(capture);
    transaction(200, insert("1", "20"));
    stream.say(PgOutputBytes.begin(300, 0), insert("1", "30"), PgOutputBytes.relation(moods), insert("1", "31"));
    stream.say(PgOutputBytes.commit(300, 310, 0));
    while (capture.needsText() == null) {
      capture.runOnce();
    }
    assertThat(capture.needsText()).isEqualTo(moods);
    assertThat(stream.isSpent()).isFalse();
    assertThat(capture.runOnce()).as("it takes nothing more").isZero();
    assertThat(inserts(ONE)).containsExactly("10");

    stream = new ScriptedWalStream();
    capture = capture();
    transaction(100, insert("1", "10"));
    transaction(200, insert("1", "20"));
    stream.say(PgOutputBytes.begin(300, 0), insert("1", "30"), PgOutputBytes.relation(moods), insert("1", "31"));
    stream.say(PgOutputBytes.commit(300, 310, 0));
    drain(capture);
    assertThat(capture.needsText()).isNull();
    assertThat(inserts(ONE)).containsExactly("10", "20", "30", "31");
  }

  @Test
  void aHugeTransactionPassesInContinuedFramesOfBoundedSizeAndShowsWhenWhole() {
    settings = settings(4 << 10, 16 << 10, 1 << 30);
    WalCapture capture = capture();
    stream.say(PgOutputBytes.begin(100, 0), PgOutputBytes.relation(ORDERS));
    for (int i = 0; i < 20_000; i++) {
      stream.say(insert(i % 2 == 0 ? "1" : "2", String.valueOf(i)));
    }
    drain(capture);
    assertThat(journal.fetch(ONE, 0, 0, Integer.MAX_VALUE)).isEmpty();
    assertThat(journal.bytes()).isGreaterThan(10_000);
    stream.say(PgOutputBytes.commit(100, 110, 0));
    drain(capture);
    List<Frame> frames = journal.fetch(ONE, 0, 0, Integer.MAX_VALUE);
    assertThat(frames).hasSizeGreaterThan(50);
    assertThat(frames).allSatisfy(f -> assertThat(f.header().plainLength()).isLessThan(5 << 10));
    assertThat(frames.stream().filter(f -> f.header().complete())).hasSize(1);
    assertThat(frames.getLast().header().complete()).isTrue();
    assertThat(inserts(ONE)).hasSize(10_000).doesNotHaveDuplicates();
    List<String> begins = read(ONE).stream().filter(e -> e.startsWith("begin")).distinct().toList();
    assertThat(begins).containsExactly("begin 0/64", "begin 0/64 continued");
  }

  @Test
  void manyTenantsInOneTransactionAreBoundedTogether() {
    settings = settings(64 << 10, 64 << 10, 1 << 30);
    List<TenantRoute> tenants = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      tenants.add(route(new UUID(1, i), String.valueOf(i)));
    }
    WalCapture capture = capture(routes(1, tenants.toArray(new TenantRoute[0])));
    stream.say(PgOutputBytes.begin(100, 0), PgOutputBytes.relation(ORDERS));
    for (int i = 0; i < 20_000; i++) {
      stream.say(insert(String.valueOf(i % 500), String.valueOf(i)));
    }
    drain(capture);
    assertThat(journal.bytes()).as("cut before the transaction's end").isGreaterThan(1 << 16);
    stream.say(PgOutputBytes.commit(100, 110, 0));
    drain(capture);
    for (TenantRoute tenant : tenants) {
      assertThat(inserts(tenant.tenant())).hasSize(40);
    }
  }

  @Test
  void underABacklogChangesWaitForTheHoldTimeAtMost() {
    WalCapture capture = capture();
    for (int t = 1; t <= 50; t++) {
      transaction(100 * t, insert("1", String.valueOf(t)));
    }
    // The clock moves with each look at it: a slice ends after some messages, and nothing is quiet yet.
    capture.runOnce();
    assertThat(capture.status().messages()).isZero();
    assertThat(journal.capturedUpTo()).isZero();
    pass(Duration.ofMillis(60));
    capture.runOnce();
    assertThat(stream.isSpent()).isFalse();
    assertThat(journal.capturedUpTo()).isPositive().isLessThan(5000);
    drain(capture);
    assertThat(inserts(ONE)).hasSize(50);
  }

  @Test
  void aTenantThatFailsIsDroppedByNameForGoodAndNobodyElseStops() {
    WalCapture capture = capture();
    transaction(100, insert("1", "10"), insert("2", "20"));
    Tuple incomplete = PgOutputBytes.tuple("2", "11", "\0u");
    stream.say(PgOutputBytes.begin(200, 0), insert("2", "21"));
    stream.say(PgOutputBytes.update(1, PgOutputBytes.tuple("1", "11", null), true, incomplete));
    stream.say(insert("2", "22"), insert("1", "12"), PgOutputBytes.commit(200, 210, 0));
    transaction(300, insert("2", "23"), insert("1", "13"));
    drain(capture);
    assertThat(inserts(ONE)).containsExactly("10", "12", "13");
    assertThat(read(ONE)).contains("delete 1,11");
    assertThat(capture.status().failures().keySet()).containsExactly(TWO);
    Problem problem = capture.status().failures().values().iterator().next();
    assertThat(problem.code()).isEqualTo(ErrorCode.MOVE_INCOMPLETE);
    assertThat(problem.lsn()).isEqualTo("0/C8");
    assertThat(problem.table()).isEqualTo("public.orders");

    // Whoever forgets the failure cannot go on over the hole.
    assertThatThrownBy(() -> journal.fetch(TWO, 0, 0, 1)).isInstanceOf(OperatorException.class);
    restart();
    capture = capture();
    transaction(400, insert("2", "24"), insert("1", "14"));
    drain(capture);
    assertThat(capture.status().failures()).containsOnlyKeys(TWO);
    assertThatThrownBy(() -> journal.fetch(TWO, 0, 0, 1)).isInstanceOf(OperatorException.class);
    assertThat(inserts(ONE)).containsExactly("10", "12", "13", "14");
  }

  @Test
  void aFailureInsideAHugeTransactionIsForGoodToo() {
    settings = settings(100, 1000, 1 << 30);
    WalCapture capture = capture();
    stream.say(PgOutputBytes.begin(100, 0), PgOutputBytes.relation(ORDERS));
    for (int i = 0; i < 50; i++) {
      stream.say(insert("2", String.valueOf(i)), insert("1", String.valueOf(i)));
    }
    stream.say(
        PgOutputBytes.update(
            1, PgOutputBytes.tuple("1", "7", null), true, PgOutputBytes.tuple("2", "7", "\0u")));
    stream.say(insert("2", "60"), insert("1", "60"), PgOutputBytes.commit(100, 110, 0));
    drain(capture);
    restart();
    assertThat(journal.capturedUpTo()).isEqualTo(110);
    assertThat(journal.overflowed()).containsExactly(TWO);
    assertThat(inserts(ONE)).hasSize(51);
  }

  @Test
  void aFailureLastsUntilTheTenantLeavesTheRoutesOrHasANewEpoch() {
    WalCapture capture = capture(routes(1, route(ONE, "abc"), route(TWO, "2")));
    transaction(100, insert("2", "20"));
    drain(capture);
    assertThat(capture.status().failures()).containsOnlyKeys(ONE);
    capture.route(routes(2, route(ONE, "abc"), route(TWO, "2"), route(new UUID(0, 3), "3")));
    drain(capture);
    assertThat(capture.routesVersion()).isEqualTo(2);
    assertThat(capture.status().failures()).containsOnlyKeys(ONE);
    capture.route(routes(3, route(TWO, "2")));
    drain(capture);
    assertThat(capture.status().failures()).isEmpty();
    journal.forget(ONE);
    capture.route(routes(4, new TenantRoute(ONE, 2, TenantRoute.Kind.KEYED, "1", TableFilter.ALL)));
    drain(capture);
    transaction(200, insert("1", "11"));
    drain(capture);
    assertThat(inserts(ONE)).containsExactly("11");
    assertThat(journal.fetch(ONE, 0, 0, 1 << 20).getFirst().header().epoch()).isEqualTo(2);
  }

  @Test
  void aRouteThatWaitsForAMarkerTakesWhatComesBehindItInItsEpoch() {
    UUID token = new UUID(7, 7);
    WalCapture capture =
        capture(
            routes(
                1, route(TWO, "2"),
                new TenantRoute(ONE, 1, TenantRoute.Kind.KEYED, "1", TableFilter.ALL, token)));
    transaction(100, insert("1", "10"), insert("2", "20"));
    transaction(200, marker(ONE, 5, new UUID(8, 8)), insert("1", "11"));
    transaction(300, PgOutputBytes.message(false, CutoverMarker.PREFIX, content(ONE, 5, token)), insert("1", "12"));
    transaction(400, insert("1", "13"), marker(ONE, 6, token), insert("1", "14"));
    transaction(500, insert("1", "15"), insert("2", "21"));
    drain(capture);
    assertThat(read(ONE))
        .containsExactly(
            "begin 0/190", "marker 6", "insert 1,14", "end 0/190", "begin 0/1F4", "insert 1,15", "end 0/1F4");
    assertThat(journal.fetch(ONE, 0, 0, 1 << 20)).allSatisfy(f -> assertThat(f.header().epoch()).isEqualTo(6));
    capture.route(routes(2, route(TWO, "2"), new TenantRoute(ONE, 6, TenantRoute.Kind.KEYED, "1", TableFilter.ALL, token)));
    drain(capture);
    transaction(600, insert("1", "16"));
    drain(capture);
    assertThat(inserts(ONE)).containsExactly("14", "15", "16");
    assertThat(inserts(TWO)).containsExactly("20", "21");
  }

  @Test
  void aMarkerReachesItsTenantAloneAndWhatIsNoneReachesNobody() {
    WalCapture capture = capture(routes(1, route(ONE, "1"), route(TWO, "2")));
    transaction(100, insert("1", "10"), marker(ONE, 2, new UUID(1, 1)));
    transaction(200, PgOutputBytes.message(true, CutoverMarker.PREFIX, new byte[] {1, 2, 3}));
    transaction(300, PgOutputBytes.message(true, "something else", content(TWO, 2, new UUID(1, 1))));
    drain(capture);
    assertThat(read(ONE)).containsExactly("begin 0/64", "insert 1,10", "marker 2", "end 0/64");
    assertThat(read(TWO)).isEmpty();
  }

  private static ByteBuffer marker(UUID tenant, long epoch, UUID token) {
    return PgOutputBytes.message(true, CutoverMarker.PREFIX, content(tenant, epoch, token));
  }

  private static byte[] content(UUID tenant, long epoch, UUID token) {
    return new CutoverMarker(tenant, epoch, token, List.of()).content();
  }

  @Test
  void routesChangeBetweenTransactionsOnly() {
    WalCapture capture = capture(routes(1, route(ONE, "1")));
    stream.say(PgOutputBytes.begin(100, 0), PgOutputBytes.relation(ORDERS), insert("1", "10"), insert("2", "20"));
    drain(capture);
    capture.route(routes(3, route(TWO, "2")));
    capture.route(routes(2, route(ONE, "1")));
    drain(capture);
    assertThat(capture.routesVersion()).isEqualTo(1);
    stream.say(insert("1", "11"), insert("2", "21"), PgOutputBytes.commit(100, 110, 0));
    transaction(200, insert("1", "12"), insert("2", "22"));
    drain(capture);
    assertThat(capture.routesVersion()).isEqualTo(3);
    assertThat(inserts(ONE)).containsExactly("10", "11");
    assertThat(inserts(TWO)).containsExactly("22");
  }

  @Test
  void aTenantOverItsQuotaIsDroppedByNameAndOthersGoOn() {
    journal.close();
    limits = new RelayLimits(64 << 20, 50_000, 1 << 20);
    restart();
    settings = settings(1000, 10_000, 1 << 30);
    WalCapture capture = capture();
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      byte[] noise = new byte[400];
      random.nextBytes(noise);
      String body = java.util.HexFormat.of().formatHex(noise);
      transaction(
          1000 + i * 100,
          PgOutputBytes.insert(1, PgOutputBytes.tuple("1", String.valueOf(i), body)),
          insert("2", String.valueOf(i)));
      stream.silence();
    }
    drain(capture);
    assertThat(capture.status().failures()).containsOnlyKeys(ONE);
    assertThat(String.valueOf(capture.status().failures())).contains("JOURNAL_OVERFLOW");
    assertThat(inserts(TWO)).hasSize(100);
    assertThatThrownBy(() -> journal.fetch(ONE, 0, 0, 1)).isInstanceOf(OperatorException.class);
    restart();
    capture = capture();
    assertThat(capture.status().failures()).as("durable").containsOnlyKeys(ONE);
  }

  @Test
  void aTenantWithoutAKeyFailsAloneAndByName() {
    keyring.destroy(ONE);
    WalCapture capture = capture();
    transaction(100, insert("1", "10"), insert("2", "20"));
    drain(capture);
    assertThat(capture.status().failures()).containsOnlyKeys(ONE);
    assertThat(inserts(TWO)).containsExactly("20");
  }

  @Test
  void aStreamThatContradictsItselfStopsCapture() {
    WalCapture rows = capture();
    stream.say(insert("1", "1"));
    assertThatThrownBy(rows::runOnce).isInstanceOf(CorruptionException.class);
    stream = new ScriptedWalStream();
    WalCapture nested = capture();
    stream.say(PgOutputBytes.begin(1, 1), PgOutputBytes.begin(2, 1));
    assertThatThrownBy(nested::runOnce).isInstanceOf(CorruptionException.class);
    stream = new ScriptedWalStream();
    WalCapture noise = capture();
    stream.say(ByteBuffer.wrap(new byte[] {'?'}));
    assertThatThrownBy(noise::runOnce).isInstanceOf(CorruptionException.class);
  }

  @Test
  void anyHistoryWithAnyCrashesEndsWithEachTenantsChangesOnceAndInOrder() {
    long seed = Long.getLong("helios.seed", System.nanoTime());
    Random random = new Random(seed);
    Path rounds = directory;
    for (int round = 0; round < 60; round++) {
      journal.close();
      directory = rounds.resolve("round" + round);
      restart();
      settings = settings(50 + random.nextInt(400), 500 + random.nextInt(3000), random.nextInt(2000));
      // The whole history, and what each tenant should have of it.
      List<List<ByteBuffer>> history = new ArrayList<>();
      Map<UUID, List<String>> expected = new HashMap<>(Map.of(ONE, new ArrayList<>(), TWO, new ArrayList<>()));
      List<Long> commits = new ArrayList<>();
      int id = 0;
      for (int t = 1; t <= 30; t++) {
        long lsn = t * 100L;
        commits.add(lsn);
        List<ByteBuffer> messages = new ArrayList<>();
        messages.add(PgOutputBytes.begin(lsn, 0));
        messages.add(PgOutputBytes.relation(ORDERS));
        for (int c = random.nextInt(random.nextInt(8) == 0 ? 100 : 4); c > 0; c--) {
          int key = random.nextInt(3);
          id++;
          messages.add(insert(String.valueOf(key), String.valueOf(id)));
          if (key > 0) {
            expected.computeIfAbsent(key == 1 ? ONE : TWO, k -> new ArrayList<>()).add(String.valueOf(id));
          }
        }
        messages.add(PgOutputBytes.commit(lsn, lsn + 10, 0));
        history.add(messages);
      }
      boolean done = false;
      while (!done) {
        stream = new ScriptedWalStream();
        Lsn from = new Lsn(journal.capturedUpTo());
        WalCapture capture = capture();
        int crashAfter = random.nextInt(3) == 0 ? Integer.MAX_VALUE : random.nextInt(200);
        int said = 0;
        // A slot may send more again than was asked for.
        int again = random.nextInt(3);
        for (int t = 0; t < history.size() && said < crashAfter; t++) {
          if (commits.get(t) + 100L * again < from.value()) {
            continue;
          }
          for (ByteBuffer message : history.get(t)) {
            if (said++ < crashAfter) {
              stream.say(message.duplicate());
              if (random.nextInt(10) == 0) {
                stream.silence();
              }
            }
          }
        }
        if (crashAfter == Integer.MAX_VALUE) {
          drain(capture);
          done = true;
        } else {
          for (int i = random.nextInt(20); i > 0; i--) {
            capture.runOnce();
          }
          if (random.nextBoolean()) {
            restart();
          }
        }
      }
      assertThat(inserts(ONE)).as("seed %d round %d", seed, round).isEqualTo(expected.get(ONE));
      assertThat(inserts(TWO)).as("seed %d round %d", seed, round).isEqualTo(expected.get(TWO));
    }
  }

  // --- the stage

  private WalCapture capture() {
    return capture(routes(1, route(ONE, "1"), route(TWO, "2")));
  }

  private WalCapture capture(Routes routes) {
    return new WalCapture(
        stream, SOURCE, sealer, journal, ColumnTypes.BUILT_IN_ONLY, settings, () -> clock += 100_000,
        () -> releasable, routes);
  }

  private void restart() {
    journal.close();
    stream = new ScriptedWalStream();
    try {
      journal = RelayJournal.open(new DirectorySegmentFiles(directory), limits);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void drain(WalCapture capture) {
    do {
      capture.runOnce();
    } while (!stream.isSpent());
    capture.runOnce();
  }

  private void pass(Duration time) {
    clock += time.toNanos();
  }

  private void transaction(long commitLsn, ByteBuffer... rows) {
    stream.say(PgOutputBytes.begin(commitLsn, 0), PgOutputBytes.relation(ORDERS));
    stream.say(rows);
    stream.say(PgOutputBytes.commit(commitLsn, commitLsn + 10, 0));
  }

  private static ByteBuffer insert(String tenant, String id) {
    return PgOutputBytes.insert(1, PgOutputBytes.tuple(tenant, id, null));
  }

  private static Routes routes(long version, TenantRoute... tenants) {
    return new Routes(version, new Tenancy.ByColumn("tenant_id"), TableFilter.ALL, null, List.of(tenants));
  }

  private static TenantRoute route(UUID tenant, String key) {
    return new TenantRoute(tenant, 1, TenantRoute.Kind.KEYED, key, TableFilter.ALL);
  }

  private static CaptureSettings settings(int frameBytes, long openBytes, long walBudget) {
    return new CaptureSettings(
        walBudget,
        frameBytes,
        openBytes,
        Duration.ofMillis(50),
        Duration.ofMillis(50),
        Duration.ofSeconds(1),
        Duration.ofMillis(1),
        Duration.ZERO);
  }

  private List<String> inserts(UUID tenant) {
    return read(tenant).stream().filter(e -> e.startsWith("insert")).map(e -> e.substring(e.indexOf(',') + 1)).toList();
  }

  private List<String> read(UUID tenant) {
    List<String> entries = new ArrayList<>();
    for (Frame frame : journal.fetch(tenant, 0, 0, Integer.MAX_VALUE)) {
      byte[] plain = opener.open(frame);
      ChangeReader reader = new ChangeReader(plain, 0, plain.length);
      for (FrameEntry entry = reader.next(); entry != null; entry = reader.next()) {
        entries.add(
            switch (entry) {
              case FrameEntry.Begin begin -> "begin " + begin.commitLsn() + (begin.continued() ? " continued" : "");
              case FrameEntry.Marker marker -> "marker " + marker.marker().epoch();
              case FrameEntry.End end -> "end " + end.commitLsn();
              case Change.Insert insert -> "insert " + insert.row().text(0) + "," + insert.row().text(1);
              case Change.Update update -> "update " + update.row().text(0) + "," + update.row().text(1);
              case Change.Delete delete -> "delete " + delete.old().text(0) + "," + delete.old().text(1);
              case Change.Upsert upsert -> "upsert " + upsert.row().text(0) + "," + upsert.row().text(1);
              case Change.Truncate _ -> "truncate";
            });
      }
    }
    return entries;
  }
}
