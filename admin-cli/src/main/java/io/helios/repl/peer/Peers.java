package io.helios.repl.peer;

import io.helios.repl.config.PeerSettings;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.ApplyPeer;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.Guests;
import io.helios.repl.postgres.Way;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The peers, each asked every ten seconds how it is, by a thread of its own, so that one that hangs delays no other. What changes is
 * an event. Any thread may look.
 */
public final class Peers implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);
  private static final Duration EVERY = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final List<PeerLink> links;
  private final Consumer<FleetEvent> events;
  private final Map<String, PeerStatus> latest = new ConcurrentHashMap<>();
  private final List<Thread> threads = new ArrayList<>();

  private Peers(List<PeerLink> links, Consumer<FleetEvent> events) {
    this.links = links;
    this.events = events;
  }

  /** Of a server without any. */
  public static Peers none() {
    return new Peers(List.of(), event -> {});
  }

  /** Begins asking. */
  public static Peers start(
      List<PeerSettings> peers, ServerIdentity identity, PinnedKeys pinned, Consumer<FleetEvent> events) {
    Peers made = new Peers(peers.stream().map(peer -> new PeerLink(peer, identity, pinned)).toList(), events);
    for (PeerLink link : made.links) {
      made.threads.add(Thread.ofVirtual().name("helios-peer-" + link.peer().region()).start(() -> made.watch(link)));
    }
    return made;
  }

  /** To a target's database there; empty when there is no such peer. */
  public Optional<Way> way(String region, String target) {
    return links.stream().filter(link -> link.peer().region().equals(region)).findFirst().map(link -> link.way(target));
  }

  Optional<PeerLink> link(String region) {
    return links.stream().filter(link -> link.peer().region().equals(region)).findFirst();
  }

  /**
   * The peer as the one that applies this server's tenants; empty when there is none of that region.
   *
   * @param own this server's region
   */
  public Optional<ApplyPeer> applier(String region, String own, PeerKeys keys) {
    return link(region).map(link -> new PeerApplier(link, own, keys));
  }

  /** The peers as those whose tenants are applied here. */
  public Guests.Homes homes() {
    return new PeerHomes(this);
  }

  /** As they were when last asked, in the configuration's order. */
  public List<PeerStatus> latest() {
    return links.stream()
        .map(PeerLink::peer)
        .map(peer -> latest.getOrDefault(peer.region(), new PeerStatus(peer.region(), peer.url(), null, null, null)))
        .toList();
  }

  /** Asks all of them at this moment, side by side; takes seconds where one hangs. */
  public List<PeerStatus> ask() throws InterruptedException {
    List<Thread> asking = new ArrayList<>();
    for (PeerLink link : links) {
      asking.add(Thread.ofVirtual().start(() -> askOnce(link)));
    }
    for (Thread one : asking) {
      one.join();
    }
    return latest();
  }

  /** Asks that one at this moment. */
  void ask(String region) {
    link(region).ifPresent(this::askOnce);
  }

  private void watch(PeerLink link) {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        note(link.ask());
        Thread.sleep(EVERY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void askOnce(PeerLink link) {
    try {
      note(link.ask());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody interrupts it; what is known stays as it was
    }
  }

  private void note(PeerStatus now) {
    PeerStatus before = latest.put(now.region(), now);
    Problem error = now.error();
    Problem known = before == null ? null : before.error();
    if (error != null && (known == null || known.code() != error.code())) {
      tell(now, FleetEvent.Severity.WARN, "peer-lost", error.message(), error);
    } else if (error == null && known != null) {
      tell(now, FleetEvent.Severity.INFO, "peer-back", "the server of region \"" + now.region() + "\" answers again", null);
    }
  }

  private void tell(
      PeerStatus now, FleetEvent.Severity severity, String kind, String message, @Nullable Problem problem) {
    events.accept(new FleetEvent(Objects.requireNonNullElseGet(now.at(), Instant::now), severity, null, kind, message, problem));
  }

  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
    links.forEach(PeerLink::close);
    try {
      for (Thread thread : threads) {
        if (!thread.join(PATIENCE)) {
          LOG.warn("{} does not end; it is left behind", thread.getName());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
