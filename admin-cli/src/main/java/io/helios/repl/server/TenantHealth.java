package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is wrong with tenants, or was not looked at for long. Any thread. */
record TenantHealth(Tenants tenants, VerificationHistory history) {

  /** So many are named one by one; with more of them it is something else that is wrong. */
  private static final int NAMED = 20;

  private static final int TOGETHER = 3;
  private static final Duration OLD = Duration.ofDays(7);
  private static final Duration NEW = Duration.ofDays(1);

  List<Finding> findings(Instant now) {
    List<Finding> findings = new ArrayList<>();
    List<TenantStatus> statuses = tenants.statuses();
    findings.addAll(stopped(statuses));
    lagging(statuses).ifPresent(findings::add);
    try {
      verifications(unverified(now)).ifPresent(findings::add);
    } catch (HeliosException e) {
      findings.add(
          new Finding(
              Severity.WARN,
              ErrorCode.HISTORY_UNREAD,
              "how old verifications are cannot be told: " + e.problem().message(),
              e.problem().why(),
              e.problem().hint()));
    }
    return findings;
  }

  static List<Finding> stopped(List<TenantStatus> statuses) {
    List<Finding> findings = new ArrayList<>();
    List<TenantStatus> stopped =
        statuses.stream()
            .filter(t -> t.state() == TenantState.FAILED || t.state() == TenantState.NEEDS_RESYNC)
            .toList();
    for (TenantStatus tenant : stopped.subList(0, Math.min(NAMED, stopped.size()))) {
      Problem error = tenant.error();
      findings.add(
          new Finding(
              Severity.ERROR,
              error == null ? ErrorCode.TENANT_STATE : error.code(),
              "tenant \"" + tenant.tenant() + "\" is " + tenant.state() + (error == null ? "" : ": " + error.message()),
              error == null ? "it does not stream" : error.why(),
              error == null ? "helios-repl tenant describe " + tenant.tenant() : error.hint(),
              error == null ? null : error.table()));
    }
    if (stopped.size() > NAMED) {
      findings.add(
          new Finding(
              Severity.ERROR,
              ErrorCode.TENANT_STATE,
              (stopped.size() - NAMED) + " more tenants are FAILED or NEEDS_RESYNC",
              "so many together have one cause more often than many",
              "helios-repl tenant list"));
    }
    return findings;
  }

  static Optional<Finding> lagging(List<TenantStatus> statuses) {
    List<String> late =
        statuses.stream()
            .filter(t -> t.lagSeconds() != null && t.lagSeconds() > t.lagTargetSeconds())
            .map(TenantStatus::tenant)
            .toList();
    if (late.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Severity.WARN,
            ErrorCode.LAG_BEYOND_TARGET,
            named(late) + (late.size() == 1 ? " lags" : " lag") + " beyond the lag target",
            "what is read at the target is older than was promised",
            "helios-repl tenant describe " + late.getFirst()));
  }

  /**
   * Tenants that stream, and that nobody has verified for too long.
   *
   * @throws HeliosException when the store does not answer
   */
  List<String> unverified(Instant now) {
    Map<UUID, Instant> verified = history.lastCompleted();
    List<String> old = new ArrayList<>();
    for (StoredTenant stored : tenants.all()) {
      if (isOverdue(stored.created(), verified.get(stored.tenant().id()), now)
          && tenants.status(stored.tenant().name()).state() == TenantState.STREAMING) {
        old.add(stored.tenant().name());
      }
    }
    return old;
  }

  /** @param last when it was verified; null for never */
  static boolean isOverdue(Instant created, @Nullable Instant last, Instant now) {
    return now.isAfter(last == null ? created.plus(NEW) : last.plus(OLD));
  }

  static Optional<Finding> verifications(List<String> old) {
    if (old.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            Severity.WARN,
            ErrorCode.VERIFICATION_OLD,
            named(old) + (old.size() == 1 ? " was" : " were") + " not verified within " + OLD.toDays() + " days",
            "only a comparison of both sides shows that they are equal",
            "helios-repl verify run " + old.getFirst()));
  }

  private static String named(List<String> names) {
    String some = String.join(", ", names.subList(0, Math.min(TOGETHER, names.size())));
    int more = names.size() - TOGETHER;
    return (names.size() == 1 ? "tenant " : "tenants ") + some + (more > 0 ? " and " + more + " more" : "");
  }
}
