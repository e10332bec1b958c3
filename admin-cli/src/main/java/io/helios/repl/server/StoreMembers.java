package io.helios.repl.server;

import io.helios.repl.config.ProductVersion;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.failover.lease.LeaseHold;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The servers that share a control store, of which one is active. That is decided by a hold in the store ({@link LeaseHold}), which the active one
 * renews, and each tells in a register of its own that it is there. Thread {@code helios-members} does both; the rest is for any.
 *
 * <p>While the store does not answer everybody stays what he is: nobody can take anything then, and replication waits for no store.
 */
final class StoreMembers implements AutoCloseable {

  /** @param silentNanos for how long nothing was heard of it; of us, nothing */
  record Member(String name, JsonNode said, long silentNanos) {

    boolean isGone() {
      return silentNanos > GONE.toNanos();
    }
  }

  private record Heard(long version, long sinceNanos) {}

  private static final Logger LOG = LoggerFactory.getLogger(StoreMembers.class);

  private static final Duration BEAT = Duration.ofMillis(500);

  /** So long the active one has to be silent before another takes its place. */
  static final Duration OVER = Duration.ofSeconds(3);

  /** Threads that ask several times a second have not run for so long: the process was stopped, and does not know for how long it still has the work. */
  private static final Duration BREAK = Duration.ofSeconds(2);

  private static final Duration GONE = Duration.ofSeconds(3);

  /** Who was silent for so long is not told of any more. */
  private static final Duration FORGOTTEN = Duration.ofHours(1);

  private static final String PREFIX = "server/";

  /** Who was active last; stays when he has gone. */
  private static final String LAST = "server-last";

  private final ServerConfiguration configuration;
  private final String name;
  private final @Nullable Coordination coordination;
  private final LeaseHold hold;
  private final Instant started = Instant.now();

  /** Two processes may be given one name; only one of them is active all the same. */
  private final String incarnation = UUID.randomUUID().toString();

  private final Runnable changed;
  private final Map<String, Heard> heard = new HashMap<>();
  private final Thread thread = Thread.ofPlatform().name("helios-members").daemon(true).unstarted(this::run);
  private volatile List<Member> members = List.of();
  private volatile @Nullable String before;
  private volatile boolean active;
  private volatile long confirmedNanos = System.nanoTime();

  /** When the last beat began that has ended, well or not. */
  private volatile long beatenNanos = System.nanoTime();

  /** When somebody asked last whether he may work, and since when we have been running without a break. */
  private volatile long askedNanos = System.nanoTime();

  private volatile long awakeNanos = System.nanoTime();
  private volatile long asideUntilNanos = System.nanoTime();
  private volatile boolean closing;
  private boolean deaf;
  private boolean told;

  /**
   * @param coordination of the store; null where it is this server's alone
   * @param changed run when this server has become active, or is not any more; must not wait
   */
  StoreMembers(ServerConfiguration configuration, @Nullable Coordination coordination, Runnable changed) {
    this.configuration = configuration;
    this.name = configuration.name() == null ? ownName(configuration) : configuration.name();
    this.coordination = coordination;
    this.hold = new LeaseHold(coordination, "server-active", name + "/" + incarnation, OVER, System::nanoTime);
    this.changed = changed;
  }

  /** Of a server that has its store for itself, and is active. */
  static StoreMembers alone(ServerConfiguration configuration) {
    StoreMembers alone = new StoreMembers(configuration, null, () -> {});
    alone.active = true;
    alone.members = List.of(new Member(alone.name, alone.says(0), 0));
    return alone;
  }

  private static String ownName(ServerConfiguration configuration) {
    return HeliosServer.nodeName(configuration).replaceAll("[\\s/]", "-") + ":" + configuration.listen().port();
  }

  /** Looks who is active, becomes it where nobody is, and goes on with that on its thread. Throws when the store does not answer. */
  void start() {
    boolean ours = hold.renew();
    if (ours) {
      succeed();
    }
    active = ours;
    confirmedNanos = System.nanoTime();
    beatenNanos = confirmedNanos;
    tell(0);
    thread.start();
  }

  private void run() {
    try {
      for (long beat = 1; !closing; beat++) {
        LockSupport.parkNanos(BEAT.toNanos());
        beat(beat);
      }
    } catch (RuntimeException | Error bug) {
      LOG.error("a bug has stopped {}: another server will take the place of this one", thread.getName(), bug);
      become(false);
    }
  }

  private void beat(long beat) {
    long begun = System.nanoTime();
    try {
      boolean aside = System.nanoTime() - asideUntilNanos < 0;
      if (aside) {
        hold.release();
      }
      boolean ours = !aside && hold.renew();
      if (ours && !active) {
        succeed();
      }
      confirmedNanos = begun;
      become(ours);
      if (beat % 2 == 0) {
        tell(beat);
      }
      deaf = false;
    } catch (HeliosException e) {
      if (!deaf) {
        LOG.warn("the servers of the store hear nothing of each other: {}", e.getMessage());
      }
      deaf = true;
    }
    beatenNanos = begun;
  }

  /** Before it becomes active: who was so before it. */
  private void succeed() {
    Coordination store = coordination;
    if (store != null) {
      Optional<Coordination.Entry> last = store.read(LAST);
      Optional<String> lastName = last.map(Coordination.Entry::value).filter(other -> !other.equals(name));
      before = lastName.or(() -> hold.other().map(holder -> holder.substring(0, holder.indexOf('/')))).orElse(null);
      store.swap(LAST, last.map(Coordination.Entry::version).orElse(0L), name);
    }
  }

  private void become(boolean ours) {
    if (active != ours) {
      active = ours;
      changed.run();
    }
  }

  private void tell(long beat) {
    Coordination store = coordination;
    if (store == null) {
      return;
    }
    List<Coordination.Entry> entries = store.list(PREFIX);
    long now = System.nanoTime();
    String own = PREFIX + name;
    Optional<Coordination.Entry> written = entries.stream().filter(e -> e.key().equals(own)).findFirst();
    written.ifPresent(entry -> beware(parsed(entry.value()).path("incarnation").asString(incarnation)));
    JsonNode says = says(beat);
    told = store.swap(own, written.map(Coordination.Entry::version).orElse(0L), says.toString()) || told;
    List<Member> all = new ArrayList<>();
    all.add(new Member(name, says, 0));
    for (Coordination.Entry entry : entries) {
      if (!entry.key().equals(own)) {
        Heard last = heard.get(entry.key());
        if (last == null || last.version() != entry.version()) {
          last = new Heard(entry.version(), now);
          heard.put(entry.key(), last);
        }
        long silent = now - last.sinceNanos();
        if (silent > FORGOTTEN.toNanos()) {
          store.swap(entry.key(), entry.version(), null);
        } else {
          all.add(new Member(entry.key().substring(PREFIX.length()), parsed(entry.value()), silent));
        }
      }
    }
    members = List.copyOf(all);
  }

  /** Somebody has written over what we told: who calls himself as we do. The one of two that is not active leaves it to the other. */
  private void beware(String writer) {
    if (told && !writer.equals(incarnation) && !active && writer.compareTo(incarnation) < 0) {
      if (System.nanoTime() - asideUntilNanos > 0) {
        LOG.error("another server on this store is called {} too, and this one will not be active: give it another name:", name);
      }
      stepAside(OVER.multipliedBy(2));
    }
  }

  private static JsonNode parsed(String value) {
    try {
      return Json.MAPPER.readTree(value);
    } catch (JacksonException e) {
      return Json.MAPPER.createObjectNode(); // of a version that writes otherwise
    }
  }

  private ObjectNode says(long beat) {
    ObjectNode node =
        Json.MAPPER.createObjectNode()
            .put("state", active ? "active" : "standby")
            .put("address", address())
            .put("region", configuration.region())
            .put("version", ProductVersion.current())
            .put("started", Documents.time(started))
            .put("incarnation", incarnation)
            .put("beat", beat);
    ArrayNode sources = node.putArray("sources");
    if (active) {
      configuration.sources().forEach(s -> sources.add(s.name()));
    }
    return node;
  }

  private String address() {
    return (configuration.access().tls() == null ? "http://" : "https://") + configuration.listen();
  }

  String name() {
    return name;
  }

  /** Whether it has others beside it, or could have. */
  boolean areMany() {
    return coordination != null;
  }

  boolean isActive() {
    return active;
  }

  /** Who was active before us: another server, or this one in a life that did not end well; none when nobody was, or we ourselves. */
  Optional<String> before() {
    return Optional.ofNullable(before);
  }

  /**
   * Whether sources and targets may be touched: as long as this server is active; after a break only once it has looked anew whether it still is, or found
   * that the store does not answer, so that nobody can have taken its place lately. Asked all the time.
   */
  boolean mayWork() {
    long now = System.nanoTime();
    if (now - askedNanos > BREAK.toNanos()) {
      awakeNanos = now;
    }
    askedNanos = now;
    return active && (coordination == null || beatenNanos - awakeNanos >= 0);
  }

  /** Lets others be active for so long: this one cannot. */
  void stepAside(Duration pause) {
    asideUntilNanos = System.nanoTime() + pause.toNanos();
  }

  List<Member> members() {
    return members;
  }

  /** As far as this server knows. */
  Optional<Member> activeOne() {
    return members.stream().filter(m -> m.said().path("state").asString("").equals("active") && !m.isGone()).findFirst();
  }

  /** What a request meets at one that is not active. */
  HeliosException standsBy() {
    String who = activeOne().map(m -> m.name() + " at " + m.said().path("address").asString("")).orElse("");
    return new TransientException(
        new Problem(
            ErrorCode.SERVER_STANDS_BY,
            "the server " + name + " stands by" + (who.isEmpty() ? "" : "; active is " + who),
            "of the servers that share a control store one has all the work",
            who.isEmpty() ? "nobody is active at the moment, and one will be within seconds: helios-repl server list" : "ask that one: helios-repl server list"));
  }

  /**
   * The same registers for what only the active server may change: a process that was stopped meanwhile wakes up and does not know yet that
   * another one has taken its place.
   */
  Coordination whileActive(Coordination inner) {
    return coordination == null ? inner : new WhileActive(inner);
  }

  private final class WhileActive implements Coordination {
    private final Coordination inner;

    WhileActive(Coordination inner) {
      this.inner = inner;
    }

    @Override
    public Optional<Entry> read(String key) {
      return inner.read(key);
    }

    @Override
    public List<Entry> list(String prefix) {
      return inner.list(prefix);
    }

    @Override
    public boolean swap(String key, long version, @Nullable String value) {
      if (!active) {
        throw standsBy();
      }
      if (System.nanoTime() - confirmedNanos > OVER.toNanos()) {
        throw new TransientException(
            new Problem(
                ErrorCode.STORE_UNAVAILABLE,
                "whether " + name + " is still the active server is not known",
                "the control store has not answered for " + OVER.toSeconds() + " s, and another server may have taken its place",
                "it is tried again; see whether the store answers"));
      }
      return inner.swap(key, version, value);
    }

    @Override
    public boolean isShared() {
      return inner.isShared();
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  /** Gives the work up, and goes. What was done as the active one must have ended. */
  @Override
  public void close() {
    closing = true;
    LockSupport.unpark(thread);
    try {
      thread.join(); // at once where it was never started
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    Coordination store = coordination;
    if (store != null) {
      try {
        hold.release();
        store.read(PREFIX + name).ifPresent(own -> store.swap(own.key(), own.version(), null));
      } catch (HeliosException e) {
        LOG.info("others see that {} has gone once it has been silent for {} s: {}", name, OVER.toSeconds(), e.getMessage());
      }
    }
  }
}
