package io.helios.repl.tui;

import io.helios.repl.tui.fleet.Endpoint;
import io.helios.repl.tui.fleet.Event;
import io.helios.repl.tui.fleet.FailoverNews;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.FleetUpdate;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Objective;
import io.helios.repl.tui.fleet.Pipeline;
import io.helios.repl.tui.fleet.Server;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.fleet.Totals;
import io.helios.repl.tui.model.Filter;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A fleet in which something of everything happens, the same each time. */
public final class SampleFleet {

  public static final Instant NOW = Instant.parse("2026-11-21T14:03:27Z");

  private SampleFleet() {}

  /** What makes a tenant; the rest of it is as with any other. */
  public static Tenant tenant(String name, String state, @Nullable Double lag, double target) {
    boolean streams = state.equals("STREAMING");
    return new Tenant(
        name,
        state,
        "shop",
        "shop-eu",
        "us-east-1",
        "eu-central-1",
        "standard",
        7,
        lag,
        lag == null ? null : (long) (lag * 200_000),
        target,
        streams ? 12 : 0,
        "2/9F31A2C8",
        "2/A0012F30",
        new Tenant.Copy(23, 23, 1_000_000, 1_932_735_283L),
        0,
        9_437_184,
        40_370_176,
        NOW.minusSeconds(3600 * 5),
        null,
        streams ? new Objective(3600, 0.9993, 0.99, 0.93, 0.2) : null);
  }

  public static Tenant failed() {
    Tenant t = tenant("tenant-009", "FAILED", null, 5);
    return new Tenant(
        t.name(), t.state(), t.source(), t.target(), "us-east-1", "us-east-2", t.tier(), t.epoch(), null, 2_254_857_830L, 5, 0,
        t.appliedLsn(), t.capturedLsn(), t.copy(), 0, 0, 0, NOW.minusSeconds(248),
        new Fault(
            "HR-3107",
            "target rejected a row: unique_violation orders_pkey",
            "the target has a row that the source lacks",
            "helios-repl tenant errors tenant-009",
            "2/9F31A2C8",
            "public.orders",
            NOW.minusSeconds(248)),
        new Objective(3600, 0.93, 0.99, -0.21, 6.9));
  }

  public static Tenant lagging() {
    Tenant t = tenant("tenant-417", "STREAMING", 12.4, 5);
    return new Tenant(
        t.name(), t.state(), t.source(), t.target(), t.sourceRegion(), t.targetRegion(), "premium", t.epoch(), t.lagSeconds(),
        92_274_688L, 5, 1200, t.appliedLsn(), t.capturedLsn(), t.copy(), 3, t.sealedBytes(), t.rawBytes(),
        NOW.minusSeconds(48), null, new Objective(3600, 0.987, 0.99, 0.2, 14));
  }

  static Tenant copying() {
    Tenant t = tenant("tenant-555", "COPYING", null, 5);
    return new Tenant(
        t.name(), t.state(), t.source(), t.target(), t.sourceRegion(), t.targetRegion(), t.tier(), t.epoch(), null,
        7_838_315_315L, 5, 18_200, null, t.capturedLsn(), new Tenant.Copy(23, 14, 610_000, 1_198_295_000L), 0, 0, 0,
        NOW.minusSeconds(95), null, null);
  }

  /** As the dashboard of the drawings has it: 42 tenants. */
  public static List<Tenant> tenants() {
    List<Tenant> all = new ArrayList<>();
    all.add(failed());
    all.add(lagging());
    all.add(copying());
    all.add(tenant("tenant-800", "PAUSED", 304.0, 60));
    all.add(tenant("tenant-702", "CUTOVER", 0.02, 1));
    for (int i = 0; i < 37; i++) {
      all.add(tenant("tenant-" + (100 + i * 3), "STREAMING", 0.05 + i % 5 * 0.04, 5));
    }
    return all;
  }

  public static List<Endpoint> sources() {
    return List.of(
        new Endpoint(Endpoint.Role.SOURCE, "shop", "10.0.0.1:5432/shop", true, "2/A0012F30", 2_040_109_466L, 88_080_384L, 41, null),
        new Endpoint(
            Endpoint.Role.SOURCE, "crm", "10.0.0.7:5432/crm", false, null, null, 4096L, 1,
            Fault.of("HR-2001", "source \"crm\" cannot be reached", "connection refused", "helios-repl source check crm")));
  }

  public static List<Endpoint> targets() {
    return List.of(new Endpoint(Endpoint.Role.TARGET, "shop-eu", "10.1.0.1:5432/shop", true, null, null, null, 42, null));
  }

  public static FleetUpdate update(Instant at, List<Tenant> tenants) {
    return update(at, tenants, List.of());
  }

  public static FleetUpdate update(Instant at, List<Tenant> tenants, List<Migration> moves) {
    return update(at, tenants, moves, FailoverNews.NONE);
  }

  static FleetUpdate update(Instant at, List<Tenant> tenants, List<Migration> moves, FailoverNews failover) {
    return new FleetUpdate(
        true,
        at,
        new Server("us-east-1", "0.1.0", "node-a", 7L),
        new Totals(tenants.size(), new Totals.Lag(0.11, 0.42, 0.8, 12.4), 41_000, 39_845_888, 9_437_184),
        sources(),
        targets(),
        tenants,
        List.of(),
        moves,
        List.of(),
        failover);
  }

  public static List<Event> events() {
    return List.of(
        new Event(11, NOW.minusSeconds(553), Event.Severity.ERROR, "tenant-009", "unique_violation orders_pkey; apply stopped", "HR-3107",
            "helios-repl tenant errors tenant-009"),
        new Event(12, NOW.minusSeconds(40), Event.Severity.INFO, "tenant-702", "cutover: source fenced at 2/A0012F30, drained", null, null),
        new Event(13, NOW.minusSeconds(5), Event.Severity.WARN, "tenant-417", "lag 12.4s over its target of 5s", null, null));
  }

  public static Pipeline pipeline(String tenant) {
    List<Float> lag = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      lag.add(lagOf(i));
    }
    return new Pipeline(
        tenant,
        List.of(
            new Pipeline.Stage("read", 2.0, 9.0, null, "streaming 2/9F31A2C8"),
            new Pipeline.Stage("seal", 1.0, 3.0, 80L, "key 12"),
            new Pipeline.Stage("journal", 1.0, 2.0, null, "2 fsync/s"),
            new Pipeline.Stage("ship", null, null, null, "in this process"),
            new Pipeline.Stage("apply", 210.0, 1900.0, 4096L, "blocked by pid 8812")),
        lag,
        List.of(
            new Pipeline.Table("public.orders", 1_204_000, 900, 11.8),
            new Pipeline.Table("public.order_lines", 8_800_000, 280, 3.1),
            new Pipeline.Table("public.customers", 19_000, 20, null)),
        "2/99A1D1F0",
        "2/97000000",
        2_040_109_466L);
  }

  /** It rises in the last minute from a tenth of a second to twelve. */
  private static float lagOf(int second) {
    return second < 55 ? 0.1f + second % 4 * 0.05f : Math.min(12.4f, (second - 54) * 0.2f + second % 3 * 0.1f);
  }

  /** Two minutes of that fleet, one update a second, at this size. */
  public static Model model(int columns, int rows, boolean readOnly) {
    Model model = new Model("prod", readOnly, Filter.NONE, Duration.ofSeconds(1), NOW);
    model.resize(columns, rows);
    model.hear(new News.Connected());
    for (int i = 0; i < 120; i++) {
      List<Tenant> then = new ArrayList<>(tenants());
      then.set(1, withLag(lagging(), lagOf(i)));
      then.set(5, withLag(then.get(5), 0.05 + (i * 7 % 10) * 0.3));
      model.hear(new News.Told(update(NOW.minusSeconds(120 - i), then)));
    }
    model.hear(new News.Told(update(NOW, tenants(), SampleMoves.all())));
    events().forEach(e -> model.hear(new News.Happened(e)));
    return model;
  }

  public static Tenant withLag(Tenant t, double lag) {
    return new Tenant(
        t.name(), t.state(), t.source(), t.target(), t.sourceRegion(), t.targetRegion(), t.tier(), t.epoch(), lag, t.lagBytes(),
        t.lagTargetSeconds(), t.rowsPerSecond(), t.appliedLsn(), t.capturedLsn(), t.copy(), t.conflicts(), t.sealedBytes(),
        t.rawBytes(), t.since(), t.error(), t.objective());
  }

  public static Tenant named(Tenant t, String name) {
    return new Tenant(
        name, t.state(), t.source(), t.target(), t.sourceRegion(), t.targetRegion(), t.tier(), t.epoch(), t.lagSeconds(), t.lagBytes(),
        t.lagTargetSeconds(), t.rowsPerSecond(), t.appliedLsn(), t.capturedLsn(), t.copy(), t.conflicts(), t.sealedBytes(),
        t.rawBytes(), t.since(), t.error(), t.objective());
  }

  /** Many tenants, some of which are in trouble. */
  public static List<Tenant> many(int count, int second) {
    List<Tenant> all = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int dice = Math.floorMod(i * 7919 + second * 104729, 1000);
      String name = String.format(Locale.ROOT, "tenant-%05d", i);
      all.add(
          dice < 3
              ? named(failed(), name)
              : tenant(name, dice < 10 ? "PAUSED" : "STREAMING", dice < 30 ? 5 + dice / 10.0 : dice / 1000.0, 5));
    }
    return all;
  }
}
