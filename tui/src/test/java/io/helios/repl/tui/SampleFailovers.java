package io.helios.repl.tui;

import static io.helios.repl.tui.SampleFleet.NOW;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverNews;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Lease;
import io.helios.repl.tui.fleet.Observation;
import io.helios.repl.tui.fleet.Passages;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Failovers of that fleet after its source has died, in every state, the same each time. */
final class SampleFailovers {

  private SampleFailovers() {}

  static Failover failover(
      String tenant, String state, long seconds, @Nullable Integer place, Failover.@Nullable Account account, @Nullable Fault error) {
    boolean promoted =
        List.of("PROMOTED", "FENCED", "ACCOUNTED", "REPAIRING", "FOLLOWING", "FAILING_BACK", "FAILED_BACK").contains(state);
    String old = promoted && !state.equals("PROMOTED") ? state.equals("FAILED_BACK") ? "following" : state.toLowerCase(Locale.ROOT).replace('_', '-') : "unreachable";
    return new Failover(
        "f-" + tenant, tenant, "shop", "shop-eu", state, old, state.equals("PLANNED") ? 0 : 9, true, place, NOW.minusSeconds(seconds + 4),
        NOW.minusSeconds(seconds), promoted ? (Long) 2_410L : null, promoted ? "2/A0012F30" : null, promoted, account, error, List.of());
  }

  private static Failover with(Failover f, boolean rejoins, boolean switched, String... next) {
    return new Failover(
        f.id(), f.tenant(), f.from(), f.to(), f.state(), f.oldSource(), f.epoch(), rejoins, f.place(), f.begunAt(), f.since(),
        switched ? f.rtoMillis() : null, f.promotedLsn(), switched, f.account(), f.error(), List.of(next));
  }

  private static Failover.Account account() {
    return new Failover.Account(
        14, NOW.minusSeconds(70), NOW.minusSeconds(69), null,
        List.of("public.orders: 9 inserted, 2 updated, 0 deleted", "public.order_lines: 31 inserted, 0 updated, 4 deleted"));
  }

  static Failover unsent() {
    return with(
        failover(
            "tenant-112", "PROMOTED", 2, 4, null,
            Fault.of("HR-8106", "clients of \"tenant-112\" are not sent to shop-eu", "PgBouncer does not answer", "mend it, or send them by hand")),
        true, false, "helios-repl failover status tenant-112 --watch");
  }

  static Failover stuck() {
    return failover(
        "tenant-109", "PROMOTING", 5, 3, null,
        Fault.of(
            "HR-8003",
            "shop-eu cannot be promoted for tenant \"tenant-109\" now",
            "its row in helios.replica is held by pid 4711, which our role may not end",
            "SELECT pg_terminate_backend(4711) at shop-eu, as its owner"));
  }

  static Failover toRejoin() {
    return with(
        failover("tenant-118", "ACCOUNTED", 400, null, account(), null),
        false, true, "helios-repl failover status tenant-118 --export tenant-118-account.json", "helios-repl failover run tenant-118 --rejoin");
  }

  static Failover following() {
    Failover.Account more =
        new Failover.Account(3, NOW.minusSeconds(900), NOW.minusSeconds(899), "the journal's quota did not hold them", List.of("public.orders: 3 inserted, 0 updated, 0 deleted"));
    return with(
        failover("tenant-121", "FOLLOWING", 600, null, more, null), true, true, "helios-repl failover failback tenant-121");
  }

  static Failover failed() {
    return failover(
        "tenant-009", "FAILED", 30, null, null,
        Fault.of("HR-8001", "the replica of tenant \"tenant-009\" at shop-eu is not whole", "its copy was never completed", "helios-repl failover plan tenant-009"));
  }

  static List<Failover> all() {
    return List.of(
        following(),
        failover("tenant-417", "PLANNED", 1, 6, null, null),
        failover("tenant-103", "PLANNED", 1, 5, null, null),
        failover("tenant-100", "WAITING", 1, 1, null, null),
        failover("tenant-106", "DRAINING", 0, 2, null, null),
        failover("tenant-115", "PROMOTING", 0, 2, null, null),
        stuck(),
        unsent(),
        failed(),
        failover("tenant-124", "PROMOTED", 45, null, null, null),
        failover("tenant-127", "FENCED", 2, null, null, null),
        failover("tenant-130", "REPAIRING", 20, null, account(), null),
        toRejoin(),
        failover("tenant-133", "FAILING_BACK", 1, null, account(), null),
        failover("tenant-136", "FAILED_BACK", 90_000, null, account(), null),
        failover("tenant-148", "SOMETHING_NEW", 5, null, null, null));
  }

  static List<Observation> observations() {
    return List.of(
        new Observation(
            "eu-central-1/shop-eu", "alive", "alive", NOW.minusSeconds(90_000), NOW, "2/A0012F30", null, 0, 3, 2,
            List.of(vote("eu-a", "alive", true), vote("us-a", "alive", true), vote("witness", "alive", true))),
        new Observation(
            "us-east-1/crm", "suspect", "suspect", NOW.minusSeconds(1), NOW.minusSeconds(2), "0/77000000", "nothing answers at the address", 0, 2,
            2, List.of(vote("eu-a", "suspect", true), vote("us-a", "suspect", true), vote("witness", "alive", false))),
        new Observation(
            "us-east-1/shop", "dead", "dead", NOW.minusSeconds(6), NOW.minusSeconds(8), "2/A0012F30", "nothing listens at the port", 2, 3, 2,
            List.of(vote("eu-a", "dead", true), vote("us-a", "alive", true), vote("witness", "dead", true))));
  }

  private static Observation.Vote vote(String observer, String verdict, boolean fresh) {
    return new Observation.Vote(observer, verdict, fresh, true);
  }

  static List<Lease> leases() {
    return List.of(
        new Lease("crm", true, null),
        new Lease("shop", false, Fault.of("HR-8301", "the lease of \"shop\" cannot be renewed", "connection refused", "helios-repl failover status")));
  }

  static FailoverNews news() {
    return new FailoverNews(all(), List.of(), observations(), leases());
  }

  static Passages passages(Failover f) {
    List<Passages.Passage> way =
        List.of(
            new Passages.Passage(f.begunAt(), "PLANNED", "WAITING", "it is its turn, and its epoch is claimed", 9),
            new Passages.Passage(f.begunAt().plusMillis(1_204), "WAITING", "DRAINING", "the old home holds no lease any more", 9),
            new Passages.Passage(f.begunAt().plusMillis(1_260), "DRAINING", "PROMOTING", "drained, or its patience is over", 9),
            new Passages.Passage(f.begunAt().plusMillis(1_317), "PROMOTING", "PROMOTED", "the replica has taken the epoch", 9));
    return new Passages(
        f.id(),
        switch (f.state()) {
          case "PLANNED" -> List.of();
          case "FAILED" -> List.of(new Passages.Passage(f.since(), "PLANNED", "FAILED", "somebody has to mend something first", 9));
          case "PROMOTING" -> way.subList(0, 3);
          default -> way;
        });
  }
}
