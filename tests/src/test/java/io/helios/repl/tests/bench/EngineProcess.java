package io.helios.repl.tests.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.capture.Synchronous;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.Surroundings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.pipeline.Tracing;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.server.OtlpExporter;
import io.helios.repl.status.Evidence;
import io.helios.repl.status.TableEvidence;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.VerificationCost;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.verify.VerifySettings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The engine in a process of its own, driven by one-line commands: so that its CPU time and memory are its own, and its
 * virtual machine stays warm from one turn to the next.
 *
 * <pre>
 *   open SOURCE_PORT SOURCE_DATABASE TARGET_PORT TARGET_DATABASE DIRECTORY TENANTS [polling|synchronous]    a fleet with new tenants, started
 *   reopen …                                                      the same fleet as before
 *   streaming                                                     waits until all of them stream
 *   verify SESSIONS                                               compares the first tenant: millis, held millis, rows, bytes, differing
 *   status                                                        each tenant's state, and the code of what is wrong with it
 *   close                                                         closes the fleet
 *   heap                                                          bytes in use after a collection
 *   peak                                                          bytes in use at most since the start, garbage included
 * </pre>
 *
 * Each is answered by {@code ok RESULT} or {@code error MESSAGE}.
 */
final class EngineProcess {

  private static final Set<TenantState> LOST = Set.of(TenantState.FAILED, TenantState.NEEDS_RESYNC);

  private final String slot;
  private final Function<FleetSettings, Fleet> open;
  private @Nullable Fleet fleet;

  EngineProcess(String slot, Function<FleetSettings, Fleet> open) {
    this.slot = slot;
    this.open = open;
  }

  /** @param arguments the slot's name; a collector of traces and the share that it gets, if there are any */
  public static void main(String[] arguments) throws IOException {
    MemoryKeyring keys = new MemoryKeyring();
    new EngineProcess(
            arguments[0], settings -> new Fleet(settings, keys, new SimpleMeterRegistry(), event -> {}, surroundings(arguments)))
        .serve();
  }

  private static Surroundings surroundings(String... arguments) {
    return arguments.length == 1
        ? Surroundings.REAL
        : new Surroundings() {
          @Override
          public Tracing tracing() {
            return new OtlpExporter(
                URI.create(arguments[1]),
                Double.parseDouble(arguments[2]),
                "here",
                Duration.ofSeconds(5),
                new SimpleMeterRegistry(),
                event -> System.err.println(event.message()));
          }
        };
  }

  /** Serves until the end of the input. */
  void serve() throws IOException {
    PrintStream replies = System.out;
    System.setOut(System.err);
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String reply;
      try {
        reply = "ok " + run(line.split(" ", -1));
      } catch (Exception e) {
        e.printStackTrace(System.err);
        reply = "error " + e;
      }
      replies.println(reply.replace('\n', ' '));
      replies.flush();
    }
    close();
  }

  private String run(String[] words) throws Exception {
    return switch (words[0]) {
      case "open" -> open(words, false);
      case "reopen" -> open(words, true);
      case "streaming" -> awaitStreaming();
      case "verify" -> verify(Integer.parseInt(words[1]));
      case "status" -> status();
      case "close" -> close();
      case "heap" -> heap();
      case "peak" -> peak();
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  private String open(String[] words, boolean again) {
    SourceSettings source =
        new SourceSettings(
            "bench",
            local(words[1], words[2]),
            capture(words.length > 7 ? words[7] : ""),
            new Tenancy.ByColumn("tenant_id"),
            new TableFilter(List.of("public.item")),
            null,
            "helios_bench",
            slot,
            "here");
    TargetSettings target = new TargetSettings("copy", local(words[3], words[4]), "there");
    FleetSettings settings =
        new FleetSettings(Path.of(words[5]), List.of(source), List.of(target), 20L << 30, 4L << 30, 1L << 30, 4, 1);
    Fleet opened = open.apply(settings);
    fleet = opened;
    int tenants = Integer.parseInt(words[6]);
    for (int i = 1; i <= tenants; i++) {
      Tenant tenant =
          new Tenant(
              id(i), "tenant-" + i, String.valueOf(i), "bench", "copy", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
              ConflictPolicy.SOURCE_WINS, 1);
      opened.add(tenant, again ? DesiredState.RUNNING : DesiredState.CREATED);
    }
    opened.start();
    if (!again) {
      for (int i = 1; i <= tenants; i++) {
        opened.startTenant(id(i));
      }
    }
    return "";
  }

  private static CaptureMode capture(String how) {
    return switch (how) {
      case HeliosRepl.POLLING -> new CaptureMode.Checkpoint("changed");
      case HeliosRepl.SYNCHRONOUS -> new CaptureMode.Wal(new Synchronous(Set.of(Tier.STANDARD), null));
      default -> new CaptureMode.Wal();
    };
  }

  /** The same tenants again after each opening. */
  private static UUID id(int tenant) {
    return new UUID(0x6865_6c69_6f73_4000L, 0x8000_0000_0000_0000L + tenant);
  }

  private static ConnectionSettings local(String port, String database) {
    return new ConnectionSettings("127.0.0.1", Integer.parseInt(port), database, "postgres", null, Map.of());
  }

  private String awaitStreaming() throws InterruptedException {
    Fleet opened = fleet;
    if (opened == null) {
      throw new IllegalStateException("no fleet is open");
    }
    while (true) {
      Map<UUID, TenantStatus> statuses = opened.statuses();
      for (TenantStatus status : statuses.values()) {
        if (LOST.contains(status.state())) {
          throw new IllegalStateException(status.tenant() + " is " + status.state() + ": " + status.error());
        }
      }
      if (statuses.values().stream().allMatch(s -> s.state() == TenantState.STREAMING)) {
        return String.valueOf(statuses.size());
      }
      Thread.sleep(20);
    }
  }

  private String verify(int sessions) throws InterruptedException {
    Fleet opened = fleet;
    if (opened == null) {
      throw new IllegalStateException("no fleet is open");
    }
    VerifySettings settings = VerifySettings.DEFAULT.withParallelism(sessions);
    Evidence found = Fleet.await(opened.verify(id(1), settings, null, evidence -> {}).result(), Duration.ofMinutes(10));
    long differing = found.tables().stream().mapToLong(TableEvidence::differing).sum();
    VerificationCost cost = found.cost();
    return cost.millis() + " " + cost.heldMillis() + " " + cost.rows() + " " + cost.bytes() + " " + differing;
  }

  private String status() {
    Fleet opened = fleet;
    return opened == null
        ? ""
        : opened.statuses().values().stream()
            .sorted(Comparator.comparing(TenantStatus::tenant))
            .map(s -> s.state() + (s.error() == null ? "" : " " + s.error().code().id()))
            .collect(Collectors.joining(" "));
  }

  private String close() {
    Fleet opened = fleet;
    if (opened != null) {
      fleet = null;
      opened.close();
    }
    return "";
  }

  private static String heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return String.valueOf(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
  }

  private static String peak() {
    long bytes = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getType() == MemoryType.HEAP) {
        bytes += pool.getPeakUsage().getUsed();
      }
    }
    return String.valueOf(bytes);
  }
}
