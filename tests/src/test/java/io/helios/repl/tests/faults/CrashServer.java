package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL of one's own, to be killed and started again on the same port, with the data that its disk has. */
public final class CrashServer implements AutoCloseable {

  private final @Nullable PgBinaryResolver binaries;
  private final Path data;
  private final Map<String, String> settings;
  private LocalPostgres running;

  public CrashServer(Path data, Map<String, String> settings) throws IOException {
    this(17, data, settings);
  }

  public CrashServer(int major, Path data, Map<String, String> settings) throws IOException {
    this.binaries = Postgres.binariesOf(major);
    this.data = data;
    this.settings = new HashMap<>(settings);
    this.settings.put("logging_collector", "on");
    this.running = LocalPostgres.start(this.settings, binaries, data, port());
  }

  /** A free one that no outgoing connection is given while the server is down (Linux gives 32768 and more). */
  private static int port() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(15_000, 32_000);
      try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return free.getLocalPort();
      } catch (BindException taken) {
        continue;
      }
    }
  }

  /** A new database; what is returned stays good over restarts. */
  public Database database() {
    return new Database(running, Postgres.createDatabase(running));
  }

  /** SIGKILL for the postmaster and all its children at once: what only its shared memory held is gone. */
  public void crash() throws Exception {
    ProcessHandle postmaster = postmaster();
    // Stopped first: then no child comes that is not seen.
    assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(postmaster.pid())).start().waitFor()).isZero();
    List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
    all.add(postmaster);
    all.forEach(ProcessHandle::destroyForcibly);
    await().atMost(Duration.ofSeconds(60)).until(() -> all.stream().noneMatch(CrashServer::lives));
    // Nobody has perhaps asked about the dead yet: a new server would take them for living.
    Files.deleteIfExists(data.resolve("postmaster.pid"));
    Files.deleteIfExists(Path.of("/tmp/.s.PGSQL." + running.port() + ".lock"));
    running.close();
  }

  /** A fast shutdown: sessions are cut off, everything is written. */
  public void stop() throws IOException {
    running.close();
  }

  /** On the port and the data that there are; crash recovery included. */
  public void start() throws IOException {
    try {
      running = LocalPostgres.start(settings, binaries, data, running.port());
    } catch (IOException e) {
      try (Stream<Path> logs = Files.list(data.resolve("log"))) {
        Path last = logs.max(Comparator.naturalOrder()).orElseThrow();
        throw new IOException(Files.readString(last), e);
      }
    }
  }

  private ProcessHandle postmaster() throws IOException {
    long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
    return ProcessHandle.of(pid).orElseThrow();
  }

  /** One that has ended and that nobody has asked about yet counts as dead. */
  private static boolean lives(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException gone) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    running.close();
  }
}
