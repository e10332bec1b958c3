package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.seal.FrameKeys;
import io.helios.repl.seal.KeyTransfer;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.seal.TenantKey;
import io.helios.repl.status.GuestStatus;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tenants that other regions' servers have given to this one, to be applied at its targets. They have no pipeline here, nor does anything of
 * them touch this server's disk: not what was given, and not their keys. A server that begins anew has no guests, and is given them anew by those
 * whose they are. Any thread.
 */
public final class Guests implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Guests.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int STRIPES = 64;

  /** What guests need of the server that gave them. */
  public interface Homes {
    Home open(String region, String source);
  }

  /** A source of another region's server. */
  public interface Home extends AutoCloseable {
    FrameSource frames();

    SourceCatalog catalog();

    @Override
    void close();
  }

  private final UUID boot = UUID.randomUUID();
  private final FrameKeys own;
  private final Predicate<UUID> resident;
  private final Function<String, @Nullable TargetEngine> targets;
  private final MemoryKeyring keys = new MemoryKeyring();
  private final Map<UUID, Guest> guests = new ConcurrentHashMap<>();
  private final Map<String, Ward> wards = new ConcurrentHashMap<>();
  private final Map<String, GuestHome> homes = new ConcurrentHashMap<>();
  private final ReentrantLock[] turns = new ReentrantLock[STRIPES];
  private volatile Homes opener =
      (region, source) -> {
        throw new IllegalStateException("nobody knows how to reach region " + region);
      };

  /**
   * @param own opens the frames of this server's tenants
   * @param resident whether a tenant is this server's own
   * @param targets by name, null for one that there is not
   */
  Guests(FrameKeys own, Predicate<UUID> resident, Function<String, @Nullable TargetEngine> targets) {
    this.own = own;
    this.resident = resident;
    this.targets = targets;
    for (int i = 0; i < STRIPES; i++) {
      turns[i] = new ReentrantLock();
    }
  }

  /** How the servers are reached that give tenants; before the first is given. */
  public void from(Homes reached) {
    opener = reached;
  }

  /** Keys of guests as well as of this server's own tenants. A guest's next key may be on its way. */
  FrameKeys keys() {
    return (tenant, generation) -> guests.containsKey(tenant) ? guestKey(tenant, generation) : own.key(tenant, generation);
  }

  private TenantKey guestKey(UUID tenant, int generation) {
    if (generation > keys.generation(tenant)) {
      throw new TransientException(
          new Problem(
              ErrorCode.GUEST_KEY_AWAITED,
              "key " + generation + " of tenant " + tenant + " has not come from its region yet",
              "frames are sealed with it already",
              "it is given as soon as that region's server reaches this one: helios-repl server status"));
    }
    return keys.key(tenant, generation);
  }

  /** How many generations of the key of a tenant that was given are here; 0 when none are. */
  public int keyGenerations(UUID tenant) {
    return keys.generation(tenant);
  }

  /** Of the source that guests know by this name, see {@link GuestHome#name}; null when it is none. */
  @Nullable SourceCatalog catalog(String source) {
    GuestHome home = homes.get(source);
    return home == null ? null : home.catalog();
  }

  /**
   * Takes a tenant in, or what has changed of it. What is older than what is here changes nothing.
   *
   * @param region that gives it, as proven
   * @param opening takes a key that was sealed for this server into the keyring that it is given
   * @throws OperatorException when the target is not open to that region, the tenant is somebody else's, or a key does not open
   * @throws TransientException when the tenant's last incarnation is still being applied
   */
  public void take(String region, String target, GivenTenant given, BiConsumer<KeyTransfer, SealedKey> opening)
      throws InterruptedException {
    LocalApplySite site = open(region, target);
    UUID id = given.tenant().id();
    ReentrantLock turn = turn(id);
    try {
      takeIn(region, target, site, given, opening);
    } finally {
      if (!guests.containsKey(id)) {
        keys.destroy(id); // refused: then nothing of it stays
      }
      turn.unlock();
    }
  }

  private void takeIn(
      String region, String target, LocalApplySite site, GivenTenant given, BiConsumer<KeyTransfer, SealedKey> opening)
      throws InterruptedException {
    UUID id = given.tenant().id();
    Guest before = guests.get(id);
    boolean elsewhere = before != null && !(before.region().equals(region) && before.target().equals(target));
    if (resident.test(id) || elsewhere) {
      throw new OperatorException(
          new Problem(
              ErrorCode.GUEST_ELSEWHERE,
              "tenant " + id + " is applied by this server for somebody else",
              "it is this server's own, another region's, or goes to another of its targets",
              "see helios-repl tenant list on both servers"));
    }
    if (before != null && !before.incarnation().equals(given.incarnation())) {
      remove(before);
      before = null;
    }
    int had = keys.generation(id);
    for (SealedKey key : given.keys()) {
      requireOwn(key, id);
      opening.accept(new KeyTransfer(keys), key);
    }
    if (before == null) {
      add(region, target, site, given);
    } else {
      before.update(given, site, keys.generation(id) > had);
    }
  }

  private static void requireOwn(SealedKey key, UUID tenant) {
    if (!key.tenant().equals(tenant)) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SEALED_KEY_REFUSED,
              "a key of tenant " + key.tenant() + " came with tenant " + tenant,
              "each tenant is given with its own keys",
              "report it: the other region's server has a bug"));
    }
  }

  private void add(String region, String target, LocalApplySite site, GivenTenant given) {
    GuestHome home =
        homes.compute(
            GuestHome.name(region, given.what().sourceName()),
            (name, known) ->
                (known == null ? new GuestHome(name, opener.open(region, given.what().sourceName()), this::news) : known).joined());
    Replicated what = given.what();
    ReplicaTenant replica =
        new ReplicaTenant(
            given.tenant(),
            new Replicated(what.tenancy(), what.reference(), home.name(), what.sourceSystem(), what.sourceRegion()),
            home.frames());
    Guest guest = new Guest(region, target, given.incarnation(), home, replica, ward(region, target), keys);
    guests.put(given.tenant().id(), guest);
    guest.update(given, site, false);
    guest.begin(site);
    LOG.info("tenant {} is applied at target {} for region {}", given.tenant().name(), target, region);
  }

  /**
   * Gives a tenant back, if it is here in that incarnation: nothing is applied for it any more on return, and its keys are gone.
   *
   * @throws TransientException when an applier still has it in hand; it is given back all the same, once asked again
   */
  public void giveBack(String region, String target, UUID tenant, UUID incarnation) throws InterruptedException {
    ReentrantLock turn = turn(tenant);
    try {
      Guest guest = guests.get(tenant);
      if (guest != null && guest.incarnation().equals(incarnation) && guest.region().equals(region) && guest.target().equals(target)) {
        remove(guest);
        LOG.info("tenant {} is no more applied at target {} for region {}", guest.replica().tenant().name(), target, region);
      }
    } finally {
      turn.unlock();
    }
  }

  private void remove(Guest guest) throws InterruptedException {
    UUID id = guest.replica().id();
    TargetEngine engine = targets.apply(guest.target());
    try {
      if (engine != null && engine.site() instanceof LocalApplySite site) {
        site.remove(id).get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (TimeoutException e) {
      keys.destroy(id); // whatever the applier waits for: it opens no further frame
      throw new TransientException(
          new Problem(
              ErrorCode.GUEST_BUSY,
              "tenant " + id + " is still being applied",
              "its applier waits for the target \"" + guest.target() + "\", or for frames",
              "it is asked again"),
          e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    guests.remove(id);
    keys.destroy(id);
    guest.end();
    homes.computeIfPresent(guest.home().name(), (name, home) -> home.left() ? null : home);
  }

  /** All of them, by region and name. */
  public List<GuestStatus> statuses() {
    return guests.values().stream()
        .map(Guest::status)
        .sorted(Comparator.comparing(GuestStatus::region).thenComparing(GuestStatus::tenant))
        .toList();
  }

  /** How that region's tenants are at that target: see {@link ApplyPeer#reports}. */
  public ApplyReports reports(
      String region, String target, UUID known, long version, boolean urgent, Duration wait, BooleanSupplier ended)
      throws InterruptedException {
    open(region, target);
    return ward(region, target).reports(boot, known.equals(boot) ? version : 0, urgent, wait, ended);
  }

  /** Whose frames came: it has work. One that could not reach its home any more can do so now, and need not wait until it tries again. */
  private void news(GuestHome home, UUID tenant) {
    Guest guest = guests.get(tenant);
    if (guest == null || guest.home() != home) {
      return;
    }
    TargetEngine engine = targets.apply(guest.target());
    if (engine != null && engine.site() instanceof LocalApplySite site) {
      AppliedStatus status = guest.replica().status();
      Problem error = status.error();
      if (error != null && !status.stopped() && error.code() == ErrorCode.PEER_UNREACHABLE) {
        site.resume(tenant);
      }
      site.signal(tenant);
    }
  }

  private Ward ward(String region, String target) {
    return wards.computeIfAbsent(region + "/" + target, any -> new Ward());
  }

  /** Targets that there are not, and those that are not open to a region, look the same to it. */
  private LocalApplySite open(String region, String target) {
    TargetEngine engine = targets.apply(target);
    if (engine != null && engine.settings().regions().contains(region) && engine.site() instanceof LocalApplySite site) {
      return site;
    }
    throw new OperatorException(
        new Problem(
            ErrorCode.TARGET_NOT_OPEN,
            "target \"" + target + "\" takes no tenants of region \"" + region + "\"",
            "there is no such target here, or its regions: does not name that region",
            "on this server: targets: { " + target + ": { regions: [" + region + "] } }, then restart it"));
  }

  /** Of what is asked for one tenant, one thing at a time. */
  private ReentrantLock turn(UUID tenant) throws InterruptedException {
    ReentrantLock turn = turns[Math.floorMod(tenant.hashCode(), STRIPES)];
    if (!turn.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new TransientException(
          new Problem(
              ErrorCode.GUEST_BUSY,
              "tenant " + tenant + " has to wait for what was asked before",
              "it, or another one, is just being given back",
              "it is asked again"));
    }
    return turn;
  }

  /** Before the targets are closed: what waits at another region's server is let go. */
  @Override
  public void close() {
    homes.values().forEach(GuestHome::close);
  }
}
