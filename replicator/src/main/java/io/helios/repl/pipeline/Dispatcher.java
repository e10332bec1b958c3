package io.helios.repl.pipeline;

import io.helios.repl.relay.FrameSource;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Waits on one source's journal and says which tenants have news. Owned by one worker's thread; the consumer must be
 * quick, since all tenants of the source wait behind it.
 */
final class Dispatcher {

  private static final Duration TURN = Duration.ofMillis(250);

  private final FrameSource frames;
  private final Consumer<UUID> news;
  private long mark;

  Dispatcher(FrameSource frames, Consumer<UUID> news) {
    this.frames = frames;
    this.news = news;
  }

  void runOnce() throws InterruptedException {
    FrameSource.Arrivals arrivals = frames.arrivals(mark, TURN);
    mark = arrivals.mark();
    arrivals.tenants().forEach(news);
  }
}
