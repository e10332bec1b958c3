package io.helios.repl.tests.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.pipeline.FleetSettings;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionStrings;
import io.helios.repl.seal.FileKeyring;
import io.helios.repl.seal.MasterKey;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * The engine in a process of its own, in {@link KillSurroundings}: two tenants, wanted RUNNING from the start. Steps of the
 * copy, and resyncs, are the first one's.
 *
 * <pre>
 *   arguments: DIRECTORY SOURCE_URI TARGET_URI SLOT STEP COUNT [COLUMN, to poll the source by it]
 *   caught-up, verify, resync: commands, a line each, answered by a line: ok … or error …
 * </pre>
 *
 * It ends with its standard input.
 */
final class KillEngine {

  static final UUID TENANT = new UUID(0x6b69_6c6c_0000_4000L, 0x8000_0000_0000_0001L);
  private static final UUID OTHER = new UUID(0x6b69_6c6c_0000_4000L, 0x8000_0000_0000_0002L);
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Fleet fleet;
  private final KillStep fatal;
  private final long rows;

  private KillEngine(Fleet fleet, KillStep fatal, long rows) {
    this.fleet = fleet;
    this.fatal = fatal;
    this.rows = rows;
  }

  public static void main(String[] arguments) throws IOException {
    PrintStream replies = System.out;
    System.setOut(System.err);
    Path directory = Files.createDirectories(Path.of(arguments[0]));
    KillStep step = KillStep.valueOf(arguments[4]);
    long count = Long.parseLong(arguments[5]);
    KillSurroundings surroundings = new KillSurroundings(step, count);
    Fleet fleet =
        new Fleet(
            new FleetSettings(
                directory,
                List.of(
                    new SourceSettings(
                        "shop", ConnectionStrings.parse(arguments[1], null), capture(arguments),
                        new Tenancy.ByColumn("tenant_id"),
                        new TableFilter(List.of("public.*")), null, arguments[3], arguments[3], "here")),
                List.of(new TargetSettings("copy", ConnectionStrings.parse(arguments[2], null), "there")),
                1L << 30, 1L << 28, 1L << 30, 2, 1),
            surroundings.keyring(
                new FileKeyring(
                    directory.resolve("keyring"), MasterKey.fromFileOrCreate(directory.resolve("master.key")))),
            new SimpleMeterRegistry(),
            event -> System.err.println("event " + event),
            surroundings);
    fleet.add(tenant(TENANT, "1"), DesiredState.RUNNING);
    fleet.add(tenant(OTHER, "2"), DesiredState.RUNNING);
    KillEngine engine = new KillEngine(fleet, step, count);
    if (step == KillStep.COPY) {
      engine.dieWhileCopying();
    }
    fleet.start();
    replies.println("ready");
    replies.flush();
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String reply;
      try {
        reply = "ok " + engine.run(line);
      } catch (Exception e) {
        e.printStackTrace(System.err);
        reply = "error " + e;
      }
      replies.println(reply.replace('\n', ' '));
      replies.flush();
    }
    Runtime.getRuntime().halt(0);
  }

  private static CaptureMode capture(String[] arguments) {
    return arguments.length < 7
        ? new CaptureMode.Wal()
        : new CaptureMode.Checkpoint(
            arguments[6], Duration.ofMillis(20), null, null, null, CaptureMode.Checkpoint.LONGEST_TRANSACTION);
  }

  private static Tenant tenant(UUID id, String key) {
    return new Tenant(
        id, "tenant-" + key, key, "shop", "copy", TableFilter.ALL, Tier.STANDARD, Duration.ofSeconds(5),
        ConflictPolicy.SOURCE_WINS, 1);
  }

  private String run(String command) throws InterruptedException {
    return switch (command) {
      case "caught-up" -> {
        awaitStreaming(OTHER);
        Fleet.await(fleet.caughtUp(OTHER), PATIENCE);
        awaitStreaming(TENANT);
        yield Fleet.await(fleet.caughtUp(TENANT), PATIENCE).toString();
      }
      case "verify" -> {
        Verification one = Fleet.await(fleet.verify(TENANT, PATIENCE), PATIENCE);
        Verification other = Fleet.await(fleet.verify(OTHER, PATIENCE), PATIENCE);
        yield String.valueOf(one.equal() && other.equal());
      }
      case "resync" -> {
        awaitStreaming(TENANT);
        if (fatal == KillStep.RESYNC) {
          dieWhileCopying();
        }
        fleet.resyncTenant(TENANT, true);
        yield "";
      }
      default -> throw new IllegalArgumentException(command);
    };
  }

  private void awaitStreaming(UUID tenant) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    TenantStatus status = fleet.status(tenant);
    while (status.state() != TenantState.STREAMING) {
      if (status.state() == TenantState.FAILED
          || status.state() == TenantState.NEEDS_RESYNC
          || System.nanoTime() - until > 0) {
        throw new IllegalStateException(status.state() + ": " + status.error());
      }
      Thread.sleep(5);
      status = fleet.status(tenant);
    }
  }

  /** Rows are counted as they pass: who watches closely sees every few hundred of them. */
  private void dieWhileCopying() {
    Thread.ofPlatform()
        .daemon()
        .start(
            () -> {
              while (true) {
                TenantStatus status = fleet.status(TENANT);
                if (status.state() == TenantState.COPYING
                    && status.copy().rows() >= rows
                    && status.copy().done() < status.copy().tables()) {
                  KillSurroundings.die();
                }
                Thread.onSpinWait();
              }
            });
  }
}
