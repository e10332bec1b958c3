package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.peer.HttpFrameSource;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.server.FrameRoutes;
import io.helios.repl.tests.fixture.LongLine;
import io.javalin.Javalin;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One tenant's frames over a line of 80 ms round trip and 100 Mbit/s. What it carries is printed; what is asserted leaves room for a
 * machine that does other things, too.
 */
class LongLineTest {

  private static final int FRAME = 64 << 10;
  private static final int FRAMES = 480;

  /** What an applier asks for at once, and how much it applies in one turn. */
  private static final int FETCH = 1 << 20;
  private static final int TURN = 4 << 20;

  @TempDir Path directory;

  private static void fill(RelayJournal journal, UUID tenant) {
    byte[] sealed = new byte[FRAME];
    for (int i = 1; i <= FRAMES; i++) {
      FrameSlot slot = journal.reserve(tenant);
      FrameHeader header =
          new FrameHeader(
              tenant, FrameHeader.STREAM, 1, 7, 1, slot.segment(), slot.index(), slot.sequence(), i, i, 0, 0, true, 1, 1, FRAME, FRAME);
      journal.append(new Frame(header, slot.salt(), sealed));
    }
    journal.sync(FRAMES + 1);
  }

  @Test
  void aLineOf80MillisecondsIsNotLeftIdleWhileFramesWait() throws Exception {
    UUID tenant = UUID.randomUUID();
    try (RelayJournal journal =
            RelayJournal.open(new DirectorySegmentFiles(directory.resolve("journal")), new RelayLimits(1 << 30, 1 << 30));
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      fill(journal, tenant);
      Map<String, FrameSource> journals = Map.of("shop", journal);
      try (FrameRoutes routes = new FrameRoutes(journals::get, (source, one, region) -> true, request -> "eu")) {
        Javalin server =
            Javalin.create(
                c -> {
                  c.startup.showJavalinBanner = false;
                  routes.install(c.routes);
                });
        server.start("127.0.0.1", 0);
        try (LongLine line = new LongLine(server.port());
            HttpFrameSource frames = HttpFrameSource.open(client, URI.create("http://127.0.0.1:" + line.port()), "shop")) {
          long begun = System.nanoTime();
          readAll(frames, tenant);
          double seconds = (System.nanoTime() - begun) / 1e9;
          double share = (double) FRAME * FRAMES / LongLine.BYTES_PER_SECOND / seconds;
          System.out.printf("%d MiB in %.2f s: %.0f %% of the line%n", FRAME * FRAMES >> 20, seconds, share * 100);
          assertThat(share).as("of what the line could carry").isGreaterThan(0.35);
        } finally {
          routes.close();
          server.stop();
        }
      }
    }
  }

  /** As an applier reads: piece by piece within a turn, and each turn from its position on. */
  private static void readAll(HttpFrameSource frames, UUID tenant) {
    long position = 0;
    while (position < FRAMES) {
      long from = 0;
      long applied = position;
      for (int taken = 0; taken < TURN; ) {
        List<Frame> came = frames.fetch(tenant, position, from, FETCH);
        if (came.isEmpty()) {
          break;
        }
        for (Frame frame : came) {
          assertThat(frame.header().sequence()).isEqualTo(applied + 1);
          applied++;
          taken += frame.sealed().length;
        }
        from = applied + 1;
      }
      assertThat(applied).as("nothing comes any more").isGreaterThan(position);
      position = applied;
      frames.acknowledge(tenant, position);
    }
  }
}
