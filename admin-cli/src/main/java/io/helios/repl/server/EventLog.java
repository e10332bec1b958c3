package io.helios.repl.server;

import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.FleetEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Takes events from any thread without ever holding it up, writes them to the log at once and to the store from a
 * thread of its own. While the store is away they wait for it; only what is more than {@value #WAITING} is missing from the
 * history then, never from the log.
 */
final class EventLog implements Consumer<FleetEvent>, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);
  private static final int WAITING = 2_000;
  private static final int BATCH = 200;

  private final ControlStore store;
  private final BlockingQueue<FleetEvent> waiting = new ArrayBlockingQueue<>(WAITING);
  private final Bell bell = new Bell();
  private final AtomicLong dropped = new AtomicLong();
  private final Thread writer;
  private volatile boolean closing;

  EventLog(ControlStore store) {
    this.store = store;
    this.writer = Thread.ofPlatform().name("helios-events").daemon().start(this::write);
  }

  /** Rung when events are in the store. */
  Bell bell() {
    return bell;
  }

  @Override
  public void accept(FleetEvent event) {
    String text =
        (event.tenant() == null ? "" : event.tenant() + ": ")
            + event.message()
            + (event.problem() == null
                ? ""
                : " [" + event.problem().code().id() + "]: " + event.problem().why());
    LoggingEventBuilder line =
        switch (event.severity()) {
          case INFO -> LOG.atInfo();
          case WARN -> LOG.atWarn();
          case ERROR -> LOG.atError();
        };
    line = line.addKeyValue("event", event.kind());
    if (event.tenant() != null) {
      line = line.addKeyValue("tenant", event.tenant());
    }
    Problem problem = event.problem();
    if (problem != null) {
      line = line.addKeyValue("code", problem.code().id());
      line = problem.lsn() == null ? line : line.addKeyValue("lsn", problem.lsn());
      line = problem.table() == null ? line : line.addKeyValue("table", problem.table());
    }
    line.log("{}", text);
    if (!waiting.offer(event)) {
      dropped.incrementAndGet();
    }
  }

  private void write() {
    List<FleetEvent> batch = new ArrayList<>(BATCH);
    try {
      while (!closing || !waiting.isEmpty()) {
        FleetEvent first = waiting.poll(100, TimeUnit.MILLISECONDS);
        if (first != null) {
          batch.add(first);
          waiting.drainTo(batch, BATCH - 1);
          append(batch);
          batch.clear();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void append(List<FleetEvent> batch) throws InterruptedException {
    boolean told = false;
    while (true) {
      try {
        store.append(batch);
        bell.ring();
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
          LOG.warn("{} events are missing from the history, for the control store was away", lost);
        }
        return;
      } catch (HeliosException e) {
        if (!told) {
          LOG.warn("the history is not written: {}", e.getMessage());
          told = true;
        }
        if (closing) {
          return;
        }
        TimeUnit.SECONDS.sleep(1);
      }
    }
  }

  /** Writes what is waiting, for at most two seconds. */
  @Override
  public void close() {
    closing = true;
    try {
      if (!writer.join(Duration.ofSeconds(2))) {
        writer.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
