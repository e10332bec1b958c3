package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.StateDirectory;
import io.helios.repl.config.StoreLocation;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Fleet;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server for as long as its process lives: alone on its store it is a {@link HeliosServer} and nothing else; beside others on a PostgreSQL store
 * it stands by until it is its turn, is one then, and stands by again when another has taken its place. Thread {@code helios-life} goes from one
 * to the other; all else is for any thread.
 */
public final class ServerLife implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ServerLife.class);
  private static final Duration PAUSE = Duration.ofSeconds(10);
  private static final Duration FOR_GOOD = Duration.ofDays(10_000);
  private static final Duration LOOK = Duration.ofMillis(200);

  private final ServerConfiguration configuration;
  private final Map<String, String> environment;
  private final Thread thread = Thread.ofPlatform().name("helios-life").daemon(true).unstarted(this::run);
  private @Nullable ControlStore store;
  private volatile @Nullable StoreMembers members;
  private volatile @Nullable HeliosServer server;
  private volatile @Nullable Standby standby;
  private volatile boolean closing;

  private ServerLife(ServerConfiguration configuration, Map<String, String> environment) {
    this.configuration = configuration;
    this.environment = environment;
  }

  /**
   * Starts it and returns when commands can be taken, or it stands by.
   *
   * @param environment says where the user's state directory is
   * @throws io.helios.repl.error.HeliosException when it cannot; nothing is left running then
   */
  public static ServerLife start(ServerConfiguration configuration, Map<String, String> environment) {
    ServerLife life = new ServerLife(configuration, environment);
    try {
      life.start();
      return life;
    } catch (RuntimeException | Error e) {
      life.close();
      throw e;
    }
  }

  private void start() {
    if (configuration.store() instanceof StoreLocation.Sqlite) {
      server = HeliosServer.start(configuration, FleetMaker.standard(environment), environment);
      return;
    }
    ControlStore opened = ControlStore.open(configuration.store(), configuration.dataDirectory());
    store = opened;
    StoreMembers all = new StoreMembers(configuration, new StoreCoordination(opened), () -> LockSupport.unpark(thread));
    members = all;
    all.start();
    become(opened, all, all.isActive());
    thread.start();
  }

  private void run() {
    ControlStore opened = Objects.requireNonNull(store);
    StoreMembers all = Objects.requireNonNull(members);
    try {
      while (!closing) {
        boolean active = all.isActive();
        if (active ? server != null : standby != null) {
          LockSupport.parkNanos(LOOK.toNanos());
        } else {
          turn(opened, all, active);
        }
      }
    } catch (Throwable bug) {
      LOG.error("a bug has stopped {}: {} leaves the work to others until it is started again", thread.getName(), all.name(), bug);
      all.stepAside(FOR_GOOD);
      stop();
    }
  }

  private void turn(ControlStore opened, StoreMembers all, boolean active) {
    try {
      if (!active && server != null) {
        LOG.warn("another server has taken the place of {}, which stands by from now on", all.name());
      }
      stop();
      become(opened, all, active);
    } catch (RuntimeException e) {
      LOG.error("{} cannot {}: {}; it is tried again", all.name(), active ? "become active" : "stand by", e.getMessage(), e);
      if (active) {
        all.stepAside(PAUSE);
      }
      LockSupport.parkNanos(LOOK.toNanos());
    }
  }

  private void become(ControlStore opened, StoreMembers all, boolean active) {
    if (active) {
      activate(all);
    } else {
      standby = Standby.start(configuration, opened, all, new StateDirectory(environment));
    }
  }

  private void activate(StoreMembers all) {
    all.before().ifPresent(before -> replace(before, all));
    HeliosServer started =
        HeliosServer.start(configuration, FleetMaker.standard(environment, all::mayWork), environment, all);
    server = started;
    LOG.info("{}", started.greeting());
  }

  private void replace(String before, StoreMembers all) {
    LOG.warn("{} is active from now on; before it was {}", all.name(), before);
    try {
      Eviction.of(configuration);
      if (!before.equals(all.name())) {
        Fleet.forgetJournals(configuration.dataDirectory());
      }
    } catch (IOException e) {
      throw new TransientException(
          new Problem(
              ErrorCode.DATA_DIRECTORY_UNUSABLE,
              "the journals in " + configuration.dataDirectory() + " are of the past, and cannot be removed",
              String.valueOf(e.getMessage()),
              "see whether its disk is well: df " + configuration.dataDirectory()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop() {
    HeliosServer ending = server;
    Standby waiting = standby;
    server = null;
    standby = null;
    if (ending != null) {
      ending.close();
    }
    if (waiting != null) {
      waiting.close();
    }
  }

  public boolean isActive() {
    return server != null;
  }

  /** Where it listens, with the port that it got. */
  public URI address() {
    HeliosServer active = server;
    Standby waiting = standby;
    return active != null ? active.address() : waiting != null ? waiting.address(configuration) : configuration.listen().uri();
  }

  /** The line that is printed when it is ready. */
  public String greeting() {
    HeliosServer active = server;
    if (active != null) {
      return active.greeting();
    }
    StoreMembers all = members;
    String who = all == null ? "" : all.activeOne().map(m -> ", active is " + m.name()).orElse("");
    return "helios-repl server is standing by at " + address() + who;
  }

  /** What it is ends first, then another may take its place. May be called twice. */
  @Override
  public synchronized void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stop();
    StoreMembers leaving = members;
    members = null;
    if (leaving != null) {
      leaving.close();
    }
  }
}
