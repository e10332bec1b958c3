package io.helios.repl.tui;

import static io.helios.repl.tui.SampleFleet.NOW;

import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Passages;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Migrations of that fleet, in every state, the same each time. */
final class SampleMoves {

  private static final Migration.Terms TERMS = new Migration.Terms(100, 0, null, false, null);
  private static final Migration.Prediction PREDICTED =
      new Migration.Prediction(
          NOW.minusSeconds(240),
          5,
          new Migration.Share(13.6, 18.2),
          new Migration.Share(1.5, 2.4),
          new Migration.Share(12, 15.7),
          new Migration.Share(0.1, 0.1));

  private SampleMoves() {}

  static Migration move(String tenant, String state, long seconds) {
    boolean rehearsed = !List.of("PLANNED", "COPYING", "CATCHING_UP").contains(state);
    return new Migration(
        "id-" + tenant, tenant, "shop", "shop-eu", state, null, rehearsed ? 8 : 0, 0, NOW.minusSeconds(seconds + 3_600),
        NOW.minusSeconds(seconds), TERMS, rehearsed ? PREDICTED : null, null, null, null, List.of());
  }

  static Migration with(Migration m, @Nullable String wish, int attempts, Migration.Terms terms, @Nullable Fault error, String... next) {
    return new Migration(
        m.id(), m.tenant(), m.from(), m.to(), m.state(), wish, m.epoch(), attempts, m.begunAt(), m.since(), terms, m.predicted(), m.there(),
        m.back(), error, List.of(next));
  }

  private static Migration paused(Migration m, Migration.@Nullable Pause there, Migration.@Nullable Pause back) {
    return new Migration(
        m.id(), m.tenant(), m.from(), m.to(), m.state(), m.wish(), m.epoch(), m.attempts(), m.begunAt(), m.since(), m.terms(),
        m.predicted(), there, back, m.error(), m.nextSteps());
  }

  private static Migration.Pause pause(long secondsAgo, double millis, boolean exact) {
    return new Migration.Pause(NOW.minusSeconds(secondsAgo), 8, millis, exact, 2.1, 14.4, 0.3, 4.2);
  }

  private static Fault undone() {
    return Fault.of(
        "HR-7110",
        "a pause of 100 ms did not suffice, and the cutover was undone",
        "the marker had not come after 75 ms",
        "helios-repl migrate plan tenant-112; then: helios-repl migrate cutover tenant-112 --max-pause 250ms");
  }

  static Migration unanswered() {
    return with(
        move("tenant-109", "CUTTING_OVER", 95),
        "cutover",
        0,
        TERMS,
        Fault.of(
            "HR-7111",
            "tenant \"tenant-109\" waits: how its cutover to epoch 8 ended cannot be told yet",
            "HR-2001: target shop-eu cannot be reached. Only the target's answer tells whether it has become the home; until then"
                + " the tenant is opened nowhere, and it is asked again and again",
            "mend the way to the target; it goes on by itself. What else may be decided: docs/migration.md"));
  }

  static Migration failed() {
    return with(
        move("tenant-009", "FAILED", 248),
        null,
        0,
        TERMS,
        Fault.of(
            "HR-7105",
            "tenant \"tenant-009\" cannot be moved: it is FAILED",
            "HR-3107: target rejected a row: unique_violation orders_pkey",
            "helios-repl tenant describe tenant-009; then: helios-repl migrate start tenant-009"),
        "helios-repl migrate start tenant-009",
        "helios-repl migrate cancel tenant-009");
  }

  static Migration undoneForGood() {
    return with(move("tenant-112", "READY", 61), null, 0, TERMS, undone(), "helios-repl migrate cutover tenant-112");
  }

  static Migration retrying() {
    return with(
        move("tenant-115", "READY", 4), "cutover", 2, new Migration.Terms(100, 5, NOW.plusSeconds(25), false, null), undone());
  }

  static Migration notBack() {
    Migration m = paused(move("tenant-121", "SWITCHED", 700), pause(700, 21, true), null);
    return with(
        m, null, 0, TERMS,
        Fault.of("HR-7203", "a transaction that writes tenant \"tenant-121\" has been open for 3012 ms", "the fence waits for it", "let it end"),
        "helios-repl migrate complete tenant-121", "helios-repl migrate rollback tenant-121");
  }

  static Migration switched() {
    Migration m = paused(move("tenant-118", "SWITCHED", 125), pause(125, 21, true), null);
    return with(m, null, 0, TERMS, null, "helios-repl migrate complete tenant-118", "helios-repl migrate rollback tenant-118");
  }

  static Migration ready() {
    return with(move("tenant-417", "READY", 300), null, 0, TERMS, null, "helios-repl migrate cutover tenant-417");
  }

  static Migration rolledBack() {
    Migration m = paused(move("tenant-133", "ROLLED_BACK", 86_400), pause(90_000, 21, true), pause(86_400, 3_100, false));
    return with(m, null, 0, TERMS, null);
  }

  /** One in each phase, but for {@link #failbacks}. */
  static List<Migration> all() {
    return List.of(
        rolledBack(),
        with(move("tenant-127", "PLANNED", 30), null, 0, new Migration.Terms(100, 3, null, true, "22:00-04:00"), null),
        unanswered(),
        move("tenant-702", "CUTTING_OVER", 1),
        move("tenant-154", "CUTTING_BACK", 0),
        ready(),
        with(move("tenant-106", "READY", 40), null, 0, new Migration.Terms(100, 3, null, true, null), null),
        failed(),
        undoneForGood(),
        retrying(),
        switched(),
        notBack(),
        move("tenant-124", "CATCHING_UP", 12),
        with(move("tenant-103", "CATCHING_UP", 700), null, 0, TERMS, Fault.of("HR-2001", "target shop-eu cannot be reached", "connection refused", "mend it")),
        move("tenant-555", "COPYING", 95),
        move("tenant-139", "CLEARING_UP", 1),
        move("tenant-142", "COMPLETING", 2),
        move("tenant-145", "CANCELLING", 3),
        paused(move("tenant-130", "COMPLETED", 7_200), pause(8_000, 17.3, true), null),
        move("tenant-136", "CANCELLED", 400_000),
        move("tenant-148", "SOMETHING_NEW", 5));
  }

  /** Those that failbacks make. */
  static List<Migration> failbacks() {
    return List.of(move("tenant-160", "SETTLING", 1), move("tenant-163", "SETTLED", 900));
  }

  private static final List<Passages.Passage> WAY =
      List.of(
          passage(0, "PLANNED", "COPYING", "its window is open and there is room", 0),
          passage(600, "COPYING", "CATCHING_UP", "the copy is complete", 0),
          passage(640, "CATCHING_UP", "READY", "verified, and close behind", 0),
          passage(900, "READY", "CUTTING_OVER", "asked for, and every gate is open", 7),
          passage(901, "CUTTING_OVER", "READY", "the target will never take the epoch", 7),
          passage(1_000, "READY", "CUTTING_OVER", "asked for, and every gate is open", 8),
          passage(1_001, "CUTTING_OVER", "SWITCHED", "the target has taken the epoch", 8),
          passage(1_900, "SWITCHED", "CUTTING_BACK", "asked for, and every gate is open", 9),
          passage(1_901, "CUTTING_BACK", "CLEARING_UP", "the target has taken the epoch", 9),
          passage(1_905, "CLEARING_UP", "ROLLED_BACK", "nothing is left of it", 9));

  private static Passages.Passage passage(int seconds, String from, String to, String reason, long epoch) {
    return new Passages.Passage(Instant.EPOCH.plusSeconds(seconds), from, to, reason, epoch);
  }

  /** The way that leads to its state; of one that failed, no further than the copy. */
  static Passages passages(Migration m) {
    List<Passages.Passage> gone = new ArrayList<>();
    int last = 0;
    for (int i = 0; i < WAY.size(); i++) {
      last = WAY.get(i).to().equals(m.state()) ? i + 1 : last;
    }
    for (Passages.Passage p : WAY.subList(0, m.state().equals("FAILED") ? 1 : last)) {
      Instant at = m.begunAt().plusSeconds(p.at().getEpochSecond());
      gone.add(new Passages.Passage(at, p.from(), p.to(), p.reason(), p.epoch()));
    }
    if (m.state().equals("FAILED")) {
      gone.add(new Passages.Passage(m.since(), "COPYING", "FAILED", "somebody has to mend something first", 0));
    }
    return new Passages(m.id(), gone);
  }

  private static Gates.Gate gate(String name, @Nullable String code, String message) {
    return new Gates.Gate(name, name.equals("verification"), code == null ? null : Fault.of(code, message, "", ""));
  }

  /** An old verification, and a transaction that is open. */
  static Gates gates(Migration m) {
    return new Gates(
        m.id(),
        NOW.minusSeconds(4),
        List.of(
            gate("lag", "HR-7201", "the target of tenant \"" + m.tenant() + "\" is 12.4 s behind"),
            gate("verification", "HR-7202", "nothing shows that both sides are equal now"),
            gate("long-transaction", "HR-7203", "a transaction that writes tenant \"" + m.tenant() + "\" has been open for 3012 ms"),
            open("schema"), open("capture"), open("target"), open("certificate")),
        null);
  }

  static Gates allOpen(Migration m) {
    return new Gates(
        m.id(),
        NOW.minusSeconds(4),
        List.of(open("lag"), open("verification"), open("long-transaction"), open("schema"), open("capture"), open("target"), open("certificate")),
        null);
  }

  private static Gates.Gate open(String name) {
    return new Gates.Gate(name, false, null);
  }

  static List<Migration> many(int count) {
    List<Migration> many = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      many.add(move(String.format(Locale.ROOT, "tenant-%05d", i), i % 4 == 0 ? "READY" : "COMPLETED", i));
    }
    return many;
  }
}
