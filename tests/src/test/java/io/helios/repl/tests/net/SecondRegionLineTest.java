package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.Handover;
import io.helios.repl.tests.fixture.LongLine;
import java.io.Closeable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a line of 80 ms round trip and 100 Mbit/s makes of replication to another region. The figures are printed. */
class SecondRegionLineTest {

  private static final int MEASURED = 20;
  private static final int ROWS = 20_000;

  @TempDir Path directory;

  @Test
  @Tag("long")
  void lagBacklogHoldAndPromotionOverALongLine() throws Exception {
    List<Closeable> lines = new ArrayList<>();
    try (TwoRegions two =
        new TwoRegions(
            directory,
            port -> {
              LongLine line = new LongLine(port);
              lines.add(line);
              return line.port();
            })) {
      two.insert("acme", 1, 10);
      two.startEu();
      two.startUs();
      UUID acme = two.stream("acme");
      two.arrives("acme");
      List<Long> lags = new ArrayList<>();
      for (int i = 1; i <= MEASURED; i++) {
        int id = 100 + i;
        two.insert("acme", id, id);
        long committed = System.nanoTime();
        await()
            .pollInterval(Duration.ofMillis(2))
            .atMost(TwoRegions.PATIENCE)
            .until(() -> two.target.value("SELECT count(*) FROM orders WHERE id = " + id).equals("1"));
        lags.add((System.nanoTime() - committed) / 1_000_000);
      }
      lags.sort(null);
      System.out.printf("a commit is at the target after %d ms (median), %d ms (worst)%n", lags.get(MEASURED / 2), lags.getLast());
      long begun = System.nanoTime();
      two.source.execute(
          "INSERT INTO orders SELECT 'acme', 100000 + g, (SELECT string_agg(md5(random()::text || x || g), '') FROM generate_series(1, 30) x)"
              + " FROM generate_series(1, " + ROWS + ") g");
      Fleet.await(two.home().caughtUp(acme), TwoRegions.PATIENCE);
      double seconds = (System.nanoTime() - begun) / 1e9;
      System.out.printf("%d rows of 960 random digits in %.1f s: %.1f MB/s%n", ROWS, seconds, ROWS * 960 / seconds / 1e6);
      begun = System.nanoTime();
      assertThat(Fleet.await(two.home().verify(acme, TwoRegions.PATIENCE), TwoRegions.PATIENCE).equal()).isTrue();
      System.out.printf("compared in %d ms%n", (System.nanoTime() - begun) / 1_000_000);
      Handover handover = two.home().handover(acme);
      handover.arm();
      Handover.Prepared prepared = handover.prepare(2);
      try (prepared; Handover.Fence _ = prepared.close(Duration.ofSeconds(5))) {
        begun = System.nanoTime();
        assertThat(handover.awaitPromoted(2, TwoRegions.PATIENCE)).isTrue();
        System.out.printf("the home knows %d ms after its marker that the target has it%n", (System.nanoTime() - begun) / 1_000_000);
      }
    } finally {
      for (Closeable line : lines) {
        line.close();
      }
    }
  }
}
