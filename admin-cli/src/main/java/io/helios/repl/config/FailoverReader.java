package io.helios.repl.config;

import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.failover.lease.LeaseSettings;
import io.helios.repl.failover.observation.Endpoint;
import io.helios.repl.failover.observation.Thresholds;
import io.helios.repl.failover.policy.Brakes;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.tenant.Fencing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads {@code failover:}, when a database is dead and what then happens by itself. */
final class FailoverReader {

  static final String FORM = "failover: { observers: 3, fencing: epoch }";
  private static final String OBSERVE = "observe: { shop: { url: …, region: us-east-1 } }";
  private static final Duration SHORTEST = Duration.ofMillis(50);
  private static final Duration SHORTEST_LEASE = Duration.ofMillis(500);

  private FailoverReader() {}

  /** @param region this server's own */
  static FailoverSettings read(Section section, String region, ConnectionReader connections) {
    FailoverSettings d = FailoverSettings.of(region);
    String observer =
        section.parsed(
            "observer",
            text -> TenantNames.isValid(text) ? Optional.of(text) : Optional.empty(),
            TenantNames.RULE,
            region,
            region);
    int observers = section.number("observers", d.observers(), 1, 99);
    Thresholds t = thresholds(section, d.thresholds());
    Duration fresh = duration(section, "votes-fresh-for", d.votesFresh(), t.probeEvery().multipliedBy(2));
    Duration drain = section.duration("drain-patience", d.drainPatience());
    Brakes brakes =
        new Brakes(
            section.number("sources-per-hour", d.brakes().sourcesPerHour(), 0, 10_000),
            section.number("parallel", d.brakes().parallel(), 1, 256),
            section.size("max-unreplicated-bytes", d.brakes().maxUnreplicatedBytes(), 0),
            section.duration("max-unreplicated", d.brakes().maxUnreplicated()));
    Fencing fencing =
        section.parsed("fencing", Fencing::of, "epoch, or lease", d.fencing(), d.fencing().label());
    Duration lease = lease(section, d.lease());
    List<Endpoint> observed = observed(section, region, connections);
    section.close();
    return new FailoverSettings(observer, observers, t, fresh, drain, brakes, fencing, lease, observed);
  }

  private static Thresholds thresholds(Section section, Thresholds d) {
    Duration every = duration(section, "probe-every", d.probeEvery(), SHORTEST);
    Duration twice = every.multipliedBy(2);
    return new Thresholds(
        every,
        duration(section, "probe-timeout", d.probeTimeout(), SHORTEST),
        duration(section, "refused-after", d.refused(), twice),
        duration(section, "silent-after", d.silent(), twice),
        duration(section, "unanswered-after", d.unanswered(), twice),
        section.duration("steady-for", d.steady()));
  }

  private static Duration lease(Section section, Duration fallback) {
    Duration lease = duration(section, "lease", fallback, SHORTEST_LEASE);
    if (lease.compareTo(LeaseSettings.LONGEST) > 0) {
      section.wrong(
          "lease",
          "it is too long",
          "a failover waits until a lease is over",
          "lease: " + Durations.format(LeaseSettings.LONGEST) + ", or shorter");
    }
    return lease;
  }

  private static Duration duration(Section section, String key, Duration fallback, Duration least) {
    Duration value = section.duration(key, fallback);
    if (value.compareTo(least) < 0) {
      section.wrong(
          key,
          "it is too short",
          "what was seen once or twice, or by chance, must not decide",
          key + ": " + Durations.format(least) + ", or longer");
    }
    return value;
  }

  private static List<Endpoint> observed(Section failover, String region, ConnectionReader connections) {
    List<Endpoint> observed = new ArrayList<>();
    failover
        .named("observe", OBSERVE)
        .forEach(
            (name, section) -> {
              if (!TenantNames.isValid(name)) {
                section.wrong(
                    "the name \"" + TenantNames.printable(name) + "\" is not right",
                    TenantNames.RULE,
                    "give it the name that its own server has for it");
              }
              ConnectionSettings connection = connections.read(section);
              String own = section.text("region", region);
              section.close();
              if (connection != null) {
                observed.add(Endpoint.of(own, name, connection));
              }
            });
    return observed;
  }
}
