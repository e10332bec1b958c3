package io.helios.repl.config;

import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.migration.traffic.TrafficSettings;
import io.helios.repl.pipeline.CopyLimits;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.schema.DumpPolicy;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A server's configuration, complete and judged.
 *
 * @param name that this server has among those that share its store; null for one that is made of the machine's and the port
 * @param dataDirectory absolute
 * @param copy how much others may feel of copies
 * @param traffic what sends a tenant's clients to its home, in the order in which it is switched
 * @param pgDump what tells the definitions of tenants that have a schema or a database of their own
 * @param coordination where several servers agree on epochs, votes and leases
 * @param values each value in force with its origin, for showing
 */
public record ServerConfiguration(
    @Nullable String name,
    String region,
    ListenAddress listen,
    Path dataDirectory,
    StoreLocation store,
    List<SourceSettings> sources,
    List<TargetSettings> targets,
    List<PeerSettings> peers,
    Relay relay,
    Apply apply,
    CopyLimits copy,
    MasterKeys masterKeys,
    ApiAccess access,
    Traces traces,
    List<TrafficSettings> traffic,
    DumpPolicy pgDump,
    CoordinationSettings coordination,
    FailoverSettings failover,
    List<EffectiveValue> values) {

  public ServerConfiguration {
    sources = List.copyOf(sources);
    targets = List.copyOf(targets);
    traffic = List.copyOf(traffic);
    peers = List.copyOf(peers);
    values = List.copyOf(values);
  }

  /**
   * The journal of each source.
   *
   * @param maxBytes what it may take on disk
   * @param walBudget bytes of WAL that the slot may hold back for tenants that lag
   * @param zstdLevel of frames
   */
  public record Relay(long maxBytes, long maxBytesPerTenant, long walBudget, int zstdLevel) {
    public static final Relay DEFAULT = new Relay(20L << 30, 4L << 30, 1L << 30, 1);
  }

  /**
   * @param workers connections per target that apply
   */
  public record Apply(int workers) {
    public static final Apply DEFAULT = new Apply(4);
  }

  /**
   * Where the key is that wraps the tenants' keys.
   *
   * @param file null for {@code master.key} in the data directory, which is made at the first start
   * @param previous of the one before it, while it changes; null when it does not
   */
  public record MasterKeys(@Nullable Path file, @Nullable Path previous) {
    public static final MasterKeys DEFAULT = new MasterKeys(null, null);
  }

  /**
   * Traces of changes on their way.
   *
   * @param otlp the collector's URL for OTLP over HTTP; null for none
   * @param sample the share of frames that are traced, 0 to 1
   */
  public record Traces(@Nullable URI otlp, double sample) {
    public static final Traces DEFAULT = new Traces(null, 0.01);
  }

  public Optional<SourceSettings> source(String name) {
    return sources.stream().filter(s -> s.name().equals(name)).findFirst();
  }

  public Optional<TargetSettings> target(String name) {
    return targets.stream().filter(t -> t.name().equals(name)).findFirst();
  }

  /** Whether this is {@code REGION/NAME}, a target of a peer; whether that one has it is known there. */
  public boolean isFarTarget(String name) {
    int slash = name.indexOf('/');
    return slash > 0
        && TenantNames.isValid(name.substring(slash + 1))
        && peers.stream().anyMatch(peer -> peer.region().equals(name.substring(0, slash)));
  }

  /** Whether a tenant may have it for its source or its target: a cutover makes a target the source, and the source a target. */
  public boolean hasEndpoint(String name) {
    return source(name).isPresent() || target(name).isPresent() || isFarTarget(name);
  }

  /** What the engine is made from. */
  public FleetSettings fleet() {
    return new FleetSettings(
        dataDirectory,
        sources,
        targets,
        relay.maxBytes(),
        relay.maxBytesPerTenant(),
        relay.walBudget(),
        apply.workers(),
        relay.zstdLevel(),
        copy,
        pgDump);
  }
}
