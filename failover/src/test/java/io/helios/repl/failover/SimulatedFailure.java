package io.helios.repl.failover;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.failover.coordination.Coordination;
import io.helios.repl.pipeline.Ticker;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One tenant, its two databases, the registers, the journal and the clock; whatever the driver touches. Each call is a place
 * where the process may die, an answer may be lost or an end may be out of reach. What must always hold is looked at with each.
 */
final class SimulatedFailure
    implements FailoverEnds, FailoverJournal, Coordination, FailoverTraffic, OldLease, SourceSight, PlannedMoves, Ticker {

  /** The process dies here. */
  static final class Crash extends Error {
    Crash(String where) {
      super(where, null, false, false);
    }
  }

  /** Something does not hold that always must. */
  static final class Violation extends Error {
    Violation(String what) {
      super(what);
    }
  }

  private static final UUID ID = new UUID(0, 1);

  private final Random dice;
  final List<String> calls = new ArrayList<>();
  private final Map<UUID, Failover> journal = new LinkedHashMap<>();
  private final List<Passage> passages = new ArrayList<>();
  private final Map<String, Entry> registers = new LinkedHashMap<>();
  private long versions;
  private long nanos = 1_000_000_000L;
  Tenant stored =
      new Tenant(
          ID, "acme", "acme", "east", "west", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
          ConflictPolicy.SOURCE_WINS, 1);

  /** How likely each kind of bad luck is at each call; 0 when all works. */
  double luck;

  /** The call, counted from 0, at which the process dies; -1 for none. */
  int dieAt = -1;

  boolean oldUp;
  boolean oldFenced;

  /** Transactions of the old home: committed there, captured of them, applied of those. */
  private int committed = 10;

  private int captured = 8;
  private int applied = 6;

  private long rowEpoch = 1;
  private boolean rowPrimary;
  private int promotedAt = -1;
  private int accountedTo = -1;
  private boolean oldFollows;
  private final List<Long> taken = new ArrayList<>();
  /** Whether the old home writes under a lease that is renewed, and until when it was last. */
  boolean leased;

  private long leaseUntilNanos;
  private boolean withheld;
  boolean rivals;
  String directed = "east";
  boolean moveCutting;

  /** Whether the traffic's switch does its part. */
  boolean sends = true;

  /** Why the way back is undone; null when it is not. */
  @Nullable Problem undone;

  SimulatedFailure(long seed) {
    dice = new Random(seed);
  }

  int roll(int sides) {
    return dice.nextInt(sides);
  }

  private boolean chance(double probability) {
    return probability > 0 && dice.nextDouble() < probability;
  }

  void pass(Duration duration) {
    nanos += duration.toNanos();
    if (oldUp && !oldFenced && !oldFollows && (!leased || nanos < leaseUntilNanos) && chance(0.3)) {
      if (leased && promotedAt >= 0) {
        throw new Violation("written at both homes");
      }
      committed++; // with fencing: epoch also by a writer that has not heard of the promotion
    }
    if (leased && oldUp && !withheld && !oldFenced) {
      if (promotedAt >= 0) {
        throw new Violation("the old home's lease is renewed behind the promotion");
      }
      leaseUntilNanos = nanos + 3_000_000_000L;
    }
    if (oldUp && captured < committed && chance(0.7)) {
      captured++;
    }
    if (rivals && chance(luck / 4) && !oldFollows) {
      rival();
    }
  }

  /** Another server claims the next epoch, and may use it. */
  private void rival() {
    long next = Math.max(rowEpoch, registered()) + 1;
    registers.put("epoch/" + ID, new Entry("epoch/" + ID, next + " west", ++versions));
    if (chance(0.5) && promotedAt < 0 && !anyPromoted()) {
      takeRow(next);
    }
  }

  private boolean anyPromoted() {
    return journal.values().stream().anyMatch(f -> f.state().promoted());
  }

  private long registered() {
    Entry entry = registers.get("epoch/" + ID);
    return entry == null ? 0 : Long.parseLong(entry.value().substring(0, entry.value().indexOf(' ')));
  }

  private void takeRow(long epoch) {
    if (epoch <= rowEpoch) {
      throw new Violation("the row's epoch goes from " + rowEpoch + " to " + epoch);
    }
    rowEpoch = epoch;
    rowPrimary = true;
  }

  /** The process may die at the call, or its answer be lost. */
  private void before(String call) {
    die("before " + call);
    if (chance(luck)) {
      throw away(call);
    }
  }

  private void after(String call) {
    die("after " + call);
    if (chance(luck)) {
      throw away(call);
    }
  }

  private void die(String where) {
    calls.add(where);
    if (calls.size() - 1 == dieAt || chance(luck / 8)) {
      throw new Crash(where);
    }
  }

  private static TransientException away(String what) {
    return new TransientException(new Problem(ErrorCode.UNREACHABLE, what + " has no answer", "luck", "wait"));
  }

  private void requireOld(String call) {
    if (!oldUp) {
      throw away(call);
    }
  }

  private static Lsn lsn(int transaction) {
    return new Lsn(transaction * 16L);
  }

  // ---- the two databases

  @Override
  public Arbiter arbiter(Tenant tenant) {
    before("arbiter");
    return new Arbiter(rowEpoch, rowPrimary, 0);
  }

  @Override
  public Standing standing(Tenant tenant) {
    before("standing");
    return new Standing(null, lsn(applied), lsn(captured), Instant.EPOCH);
  }

  @Override
  public boolean drain(Tenant tenant, Duration patience) {
    before("drain");
    nanos += patience.toNanos() / 4;
    if (promotedAt < 0) {
      applied = luck > 0 ? Math.min(captured, applied + roll(4)) : captured;
    }
    after("drain");
    return applied == captured;
  }

  @Override
  public Promoted promote(Tenant tenant, long epoch) {
    before("promote");
    if (nanos < leaseUntilNanos) {
      throw new Violation("promoted while the old home holds a lease");
    }
    if (rowEpoch > epoch) {
      throw new OperatorException(new Problem(ErrorCode.EPOCH_LOST, "too late", "the row has " + rowEpoch, "none"));
    }
    if (rowEpoch < epoch) {
      takeRow(epoch);
      taken.add(epoch);
      promotedAt = applied;
      if (taken.size() > 1) {
        throw new Violation("promoted twice: " + taken);
      }
    }
    after("promote");
    return new Promoted(lsn(promotedAt), Instant.EPOCH);
  }

  @Override
  public Lsn fenceOldHome(Tenant tenant, long epoch) {
    before("fence");
    requireOld("fence");
    oldFenced = true;
    after("fence");
    return lsn(committed);
  }

  @Override
  public Account account(Tenant tenant, long epoch, Lsn promoted, Lsn fence, Duration patience) {
    before("account");
    if (!oldFenced || !fence.equals(lsn(committed))) {
      throw new Violation("accounted before the old home is closed");
    }
    requireOld("account");
    captured = committed;
    accountedTo = committed;
    after("account");
    return new Account(null, committed - promotedAt, null, null, List.of());
  }

  @Override
  public byte[] export(Tenant tenant, long epoch) {
    return new byte[0];
  }

  @Override
  public Tenant rejoin(Tenant t, long epoch) {
    before("rejoin");
    requireOld("rejoin");
    if (accountedTo != committed) {
      throw new Violation("repaired before what would be thrown away is accounted");
    }
    oldFollows = true;
    after("rejoin");
    return new Tenant(
        t.id(), t.name(), t.key(), "west", "east", t.tables(), t.tier(), t.lagTarget(), t.conflicts(), epoch);
  }

  // ---- what else is around

  @Override
  public List<Failover> newest() {
    return List.copyOf(journal.values());
  }

  @Override
  public List<Failover> history() {
    return newest();
  }

  @Override
  public void write(Failover failover, @Nullable Transition by, @Nullable Tenant turned) {
    String what = "journal " + (by == null ? "" : by.from().label() + " to " + by.to().label());
    before(what);
    journal.put(failover.tenantId(), failover);
    if (by != null) {
      passages.add(new Passage(failover.since(), by.from(), by.to(), by.reason(), failover.epoch()));
    }
    if (turned != null) {
      stored = turned;
    }
    die("after " + what);
  }

  @Override
  public void forget(UUID tenant) {
    journal.remove(tenant);
  }

  @Override
  public List<Passage> passages(UUID failover) {
    return passages;
  }

  @Override
  public Optional<Entry> read(String key) {
    before("read");
    return Optional.ofNullable(registers.get(key));
  }

  @Override
  public List<Entry> list(String prefix) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean swap(String key, long version, @Nullable String value) {
    before("claim");
    Entry now = registers.get(key);
    if ((now == null ? 0 : now.version()) != version) {
      return false;
    }
    long before = registered();
    registers.put(key, new Entry(key, Objects.requireNonNull(value), ++versions)); // an epoch is never given back
    if (registered() <= before) {
      throw new Violation("the register goes from " + before + " to " + registered());
    }
    after("claim");
    return true;
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void close() {}

  @Override
  public void send(Tenant tenant, long epoch, String from, String to) {
    before("send");
    if (rowEpoch < epoch || !rowPrimary) {
      throw new Violation("clients are sent where nobody was promoted");
    }
    if (!sends) {
      throw away("send");
    }
    directed = to;
    after("send");
  }

  @Override
  public Duration check(Tenant tenant, long epoch) {
    return Duration.ZERO;
  }

  /** What only the process knew is gone with it. */
  void restarted() {
    withheld = false;
  }

  @Override
  public void withhold(Tenant tenant) {
    if (!tenant.source().equals("east") || tenant.epoch() != 1) {
      throw new Violation("withheld from " + tenant);
    }
    withheld = true;
  }

  @Override
  public void release(Tenant tenant) {
    if (!oldFenced) {
      throw new Violation("the old home gets its lease back before it is closed");
    }
    withheld = false;
  }

  @Override
  public Duration remaining(Tenant tenant) {
    before("lease");
    return Duration.ofNanos(Math.max(0, leaseUntilNanos - nanos));
  }

  @Override
  public Sighting of(String source) {
    return new Sighting(oldUp && source.equals("east"), null, null);
  }

  @Override
  public void requireEndable(Tenant tenant) {
    if (moveCutting) {
      throw new OperatorException(new Problem(ErrorCode.MOVE_UNDECIDED, "it is cut over", "now", "wait"));
    }
  }

  @Override
  public void end(Tenant tenant) {
    before("end of moves");
  }

  @Override
  public boolean back(Tenant tenant, Failover failover) {
    before("back");
    if (undone != null) {
      throw new OperatorException(undone);
    }
    stored = new Tenant(
        tenant.id(), tenant.name(), tenant.key(), "east", "west", tenant.tables(), tenant.tier(), tenant.lagTarget(),
        tenant.conflicts(), tenant.epoch() + 1);
    return true;
  }

  @Override
  public long nanos() {
    return nanos;
  }

  @Override
  public Instant now() {
    return Instant.EPOCH.plusNanos(nanos);
  }

  /** Everything works again, and the old home is back. */
  void heal() {
    luck = 0;
    dieAt = -1;
    rivals = false;
    oldUp = true;
  }

  /** Once nothing is under way any more. */
  void checkEnd(Failover end) {
    if (end.state() == FailoverState.FAILED) {
      if (taken.contains(end.epoch())) {
        throw new Violation("given up, and promoted all the same");
      }
      return;
    }
    Account account = end.account();
    boolean whole = account != null && promotedAt + account.transactions() == committed;
    if (end.state() != FailoverState.FOLLOWING || !whole || !oldFollows || !directed.equals("west") || end.rto() == null) {
      throw new Violation("ends as " + end + ", clients at " + directed + ", " + committed + " committed");
    }
    if (!stored.source().equals("west") || stored.epoch() != end.epoch() || rowEpoch < end.epoch()) {
      throw new Violation("the tenant is " + stored + " in the end");
    }
  }
}
