package io.helios.repl.client;

import io.helios.repl.tui.model.News;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * Turns a server's events into the dashboard's news, and takes the connection up again whenever it breaks, behind the last
 * event that was told. A thread of its own reads, another one ends a connection on which nothing comes any more.
 */
final class FleetStream implements AutoCloseable {

  /** The server says something every ten seconds at the least. */
  private static final Duration SILENCE = Duration.ofSeconds(25);

  private static final long FIRST_PAUSE_MILLIS = 300;
  private static final long LONGEST_PAUSE_MILLIS = 3_000;

  /** Whoever comes too often with a token that is not right is kept out for a while. */
  private static final long REFUSED_PAUSE_MILLIS = 15_000;

  private final HeliosClient client;
  private final Duration every;
  private final Consumer<News> dashboard;
  private final AtomicReference<@Nullable ServerSentEvents> open = new AtomicReference<>();
  private final Thread reader;
  private final Thread watcher;
  private volatile boolean closing;
  private String lastId = "";

  FleetStream(HeliosClient client, Duration every, Consumer<News> dashboard) {
    this.client = client;
    this.every = every;
    this.dashboard = dashboard;
    this.reader = Thread.ofVirtual().name("helios-fleet-stream").unstarted(this::read);
    this.watcher = Thread.ofVirtual().name("helios-fleet-silence").unstarted(this::watch);
  }

  void start() {
    reader.start();
    watcher.start();
  }

  private void read() {
    long pause = FIRST_PAUSE_MILLIS;
    while (!closing) {
      String why;
      try {
        boolean heard = follow();
        pause = heard ? FIRST_PAUSE_MILLIS : pause;
        why = "the connection has ended";
      } catch (FailedException e) {
        why = reason(e);
        pause = e.exitCode() == ExitCode.NOT_ALLOWED ? REFUSED_PAUSE_MILLIS : Math.min(pause, LONGEST_PAUSE_MILLIS);
      } catch (IOException e) {
        why = "the connection broke";
      } catch (JacksonException e) {
        why = "what it says cannot be understood; is it of another version?";
      }
      if (closing) {
        return;
      }
      dashboard.accept(new News.Lost(why));
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        return;
      }
      pause = Math.max(pause, Math.min(LONGEST_PAUSE_MILLIS, pause * 2));
    }
  }

  /** Until the connection ends; whether anything was told. */
  private boolean follow() throws IOException {
    boolean heard = false;
    try (ServerSentEvents events = new ServerSentEvents(client.events("fleet=" + every.toMillis() + "ms", lastId))) {
      open.set(events);
      dashboard.accept(new News.Connected());
      for (ServerSentEvents.Message message = events.next(); message != null; message = events.next()) {
        heard = true;
        lastId = message.lastId().isEmpty() ? lastId : message.lastId();
        switch (message.event()) {
          case "fleet" -> dashboard.accept(new News.Told(FleetDocuments.update(HeliosClient.json(message.data()))));
          case "event" -> dashboard.accept(new News.Happened(FleetDocuments.event(HeliosClient.json(message.data()))));
          default -> {}
        }
      }
      return heard;
    } finally {
      open.set(null);
    }
  }

  private static String reason(FailedException e) {
    if (e.failures().isEmpty()) {
      return "interrupted";
    }
    Failure failure = e.failures().getFirst();
    return e.exitCode() == ExitCode.UNREACHABLE ? failure.why() : failure.code() + " " + failure.message();
  }

  private void watch() {
    try {
      while (!closing) {
        Thread.sleep(1_000);
        ServerSentEvents events = open.get();
        if (events != null && events.quietNanos() > SILENCE.toNanos()) {
          end(events);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void end(ServerSentEvents events) {
    try {
      events.close();
    } catch (IOException e) {
      return; // then it has ended already
    }
  }

  @Override
  public void close() {
    closing = true;
    ServerSentEvents events = open.get();
    if (events != null) {
      end(events);
    }
    reader.interrupt();
    watcher.interrupt();
  }
}
