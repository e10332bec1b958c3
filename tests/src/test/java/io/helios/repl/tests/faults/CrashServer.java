package io.helios.repl.tests.faults;

import static org.awaitility.Awaitility.await;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A PostgreSQL of one's own, to be killed and started again on the same port, with the data that its disk has. */
final class CrashServer implements AutoCloseable {

  private final Path data;
  private final Map<String, String> settings;
  private LocalPostgres running;

  CrashServer(Path data, Map<String, String> settings) throws IOException {
    this.data = data;
    this.settings = settings;
    this.running = LocalPostgres.start(settings, null, data, 0);
  }

  /** A new database; what is returned stays good over restarts. */
  Database database() {
    return new Database(running, Postgres.createDatabase(running));
  }

  /** SIGKILL for the postmaster and all its children at once: what only its shared memory held is gone. */
  void crash() throws IOException {
    ProcessHandle postmaster = postmaster();
    List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
    postmaster.destroyForcibly();
    all.addAll(postmaster.descendants().toList());
    all.forEach(ProcessHandle::destroyForcibly);
    all.add(postmaster);
    await().atMost(Duration.ofSeconds(60)).until(() -> all.stream().noneMatch(CrashServer::lives));
    // Nobody has perhaps asked about the dead yet: a new server would take them for living.
    Files.deleteIfExists(data.resolve("postmaster.pid"));
    Files.deleteIfExists(Path.of("/tmp/.s.PGSQL." + running.port() + ".lock"));
    running.close();
  }

  /** A fast shutdown: sessions are cut off, everything is written. */
  void stop() throws IOException {
    running.close();
  }

  /** On the port and the data that there are; crash recovery included. */
  void start() throws IOException {
    running = LocalPostgres.start(settings, null, data, running.port());
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
