package io.helios.repl.migration;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.status.TenantState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which gates are closed for a tenant. Pure: facts in, refusals out. */
public final class Gates {

  /** A target that is further behind than this would not drain within any pause that somebody calls short. */
  static final double MOST_LAG_SECONDS = 5.0;

  /** A cutover and a rollback both need the certificates. */
  static final Duration LEAST_CERTIFICATE = Duration.ofHours(24);

  private static final int NAMED = 3;

  /** A gate that is closed, and why. */
  public record Refusal(CutoverGate gate, Problem problem) {}

  private Gates() {}

  /** The closed ones, in the order of {@link CutoverGate}, without those that are forced. */
  public static List<Refusal> closed(String tenant, GateFacts facts, MigrationOptions options) {
    return all(tenant, facts, options).stream()
        .filter(refusal -> !(refusal.gate().forcible() && options.forced().contains(refusal.gate())))
        .toList();
  }

  /** The first closed one of those that have to be open before the tenant is copied. */
  public static Optional<Problem> beforeCopy(String tenant, GateFacts facts, MigrationOptions options) {
    return closed(tenant, facts, options).stream()
        .filter(refusal -> refusal.gate().beforeCopy())
        .map(Refusal::problem)
        .findFirst();
  }

  /** The closed ones, also those that are forced. */
  public static List<Refusal> all(String tenant, GateFacts facts, MigrationOptions options) {
    List<Refusal> refusals = new ArrayList<>();
    for (CutoverGate gate : CutoverGate.values()) {
      judge(gate, tenant, facts, options).ifPresent(problem -> refusals.add(new Refusal(gate, problem)));
    }
    return refusals;
  }

  private static Optional<Problem> judge(CutoverGate gate, String tenant, GateFacts facts, MigrationOptions options) {
    return switch (gate) {
      case LAG -> lag(tenant, facts);
      case VERIFICATION -> verification(tenant, facts.proof());
      case LONG_TRANSACTION -> longTransaction(tenant, facts, options);
      case SCHEMA -> schema(tenant, facts.ends().schemaDifferences());
      case CAPTURE ->
          facts.wal()
              ? Optional.empty()
              : refused(
                  ErrorCode.GATE_CAPTURE,
                  "tenant \"" + tenant + "\" cannot be moved: its source is polled",
                  "the marker of a cutover travels in the WAL, behind the last write; a poll does not see it",
                  "capture the source with capture: wal, then: helios-repl tenant resync " + tenant);
      case TARGET ->
          facts.ends().unprepared() == null
              ? Optional.empty()
              : refused(
                  ErrorCode.GATE_TARGET,
                  "the target of tenant \"" + tenant + "\" is not ready to become its home",
                  facts.ends().unprepared(),
                  "helios-repl migrate start " + tenant + " makes it ready; helios-repl migrate status " + tenant
                      + " tells how far it is");
      case ROOM -> room(tenant, facts.room());
      case CERTIFICATE -> certificate(tenant, facts.certificate());
    };
  }

  /** What is not known of a gate that is open; null when all is. */
  public static @Nullable String unknown(CutoverGate gate, GateFacts facts) {
    if (gate != CutoverGate.ROOM) {
      return null;
    }
    Room room = facts.room();
    return room == null
        ? "not known, for PostgreSQL does not tell what is free: targets.NAME.capacity says what its disk holds"
        : room.unseen() == null ? null : "not known for certain: " + room.unseen();
  }

  private static Optional<Problem> lag(String tenant, GateFacts facts) {
    Double lag = facts.lagSeconds();
    if (facts.state() == TenantState.STREAMING && lag != null && lag <= MOST_LAG_SECONDS) {
      return Optional.empty();
    }
    return refused(
        ErrorCode.GATE_LAG,
        facts.state() == TenantState.STREAMING
            ? "the target of tenant \"" + tenant + "\" is "
                + (lag == null ? "behind, nobody knows how far" : String.format(Locale.ROOT, "%.1f s behind", lag))
            : "tenant \"" + tenant + "\" does not stream: it is " + facts.state(),
        "its writers would wait until the target has caught up",
        "helios-repl tenant wait " + tenant + " --for caught-up");
  }

  private static Optional<Problem> verification(String tenant, Proof proof) {
    return proof.standing() == Proof.Standing.FRESH
        ? Optional.empty()
        : refused(
            ErrorCode.GATE_VERIFICATION,
            "nothing shows that both sides of tenant \"" + tenant + "\" are equal now",
            proof.why(),
            proof.standing() == Proof.Standing.DIFFERENT
                ? "helios-repl verify repair " + tenant + "; then: helios-repl verify run " + tenant
                : "helios-repl verify run " + tenant);
  }

  private static Optional<Problem> longTransaction(String tenant, GateFacts facts, MigrationOptions options) {
    Duration longest = facts.ends().longestWrite();
    return longest == null || longest.compareTo(options.maxPause()) <= 0
        ? Optional.empty()
        : refused(
            ErrorCode.GATE_LONG_TRANSACTION,
            "a transaction that writes tenant \"" + tenant + "\" has been open for " + longest.toMillis() + " ms",
            "the fence waits for it, and a pause of " + options.maxPause().toMillis() + " ms is allowed",
            "let it end, or end it: SELECT pid, xact_start, state FROM pg_stat_activity ORDER BY xact_start");
  }

  private static Optional<Problem> schema(String tenant, List<String> differences) {
    return differences.isEmpty()
        ? Optional.empty()
        : refused(
            ErrorCode.GATE_SCHEMA,
            "the tables of tenant \"" + tenant + "\" are not the same on both sides: "
                + String.join("; ", differences.subList(0, Math.min(NAMED, differences.size())))
                + (differences.size() > NAMED ? "; and " + (differences.size() - NAMED) + " more" : ""),
            "what worked at the old home would fail, be slow or be let through at the new one",
            "make them equal; helios-repl migrate plan " + tenant + " lists all of them");
  }

  private static Optional<Problem> room(String tenant, @Nullable Room room) {
    return room == null || room.suffices()
        ? Optional.empty()
        : refused(
            ErrorCode.GATE_ROOM,
            "the target of tenant \"" + tenant + "\" has no room for it",
            "its disk holds " + mib(room.capacityBytes()) + ", of which a twentieth is to be left over; "
                + mib(room.takenBytes()) + " are taken, and the tenant needs " + mib(room.missingBytes()) + " more",
            "make room there, or correct targets.NAME.capacity in the configuration");
  }

  private static String mib(long bytes) {
    return (bytes >> 20) + " MiB";
  }

  private static Optional<Problem> certificate(String tenant, GateFacts.@Nullable Certificate first) {
    return first == null || first.left().compareTo(LEAST_CERTIFICATE) >= 0
        ? Optional.empty()
        : refused(
            ErrorCode.GATE_CERTIFICATE,
            "a certificate that the move of tenant \"" + tenant + "\" needs "
                + (first.left().isNegative() ? "is over: " : "holds for " + first.left().toHours() + " h more: ") + first.whose(),
            "nothing crosses between the regions without it, and a rollback would need it too",
            "renew it, helios-repl server pki issue, and restart that server; helios-repl doctor tells when each ends");
  }

  private static Optional<Problem> refused(ErrorCode code, String message, String why, String hint) {
    return Optional.of(new Problem(code, message, why, hint));
  }
}
