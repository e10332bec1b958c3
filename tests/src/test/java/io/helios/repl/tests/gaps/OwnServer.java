package io.helios.repl.tests.gaps;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.tests.fixture.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** PostgreSQL 17 on a data directory of a test's own, which is stopped, copied, put back and started again on its port. */
public final class OwnServer implements AutoCloseable {

  private final Path data;
  private final Map<String, String> settings;
  private int port;
  private @Nullable LocalPostgres running;

  /** Not started yet; the port is that of another one that is stopped, or 0. */
  OwnServer(Path data, Map<String, String> settings, int port) {
    this.data = data;
    this.settings = settings;
    this.port = port;
  }

  public static OwnServer start(Path data) {
    OwnServer server = new OwnServer(data, Map.of(), 0);
    server.start();
    return server;
  }

  public void start() {
    try {
      running = LocalPostgres.start(settings, null, data, port);
      port = running.port();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public void stop() {
    try {
      Objects.requireNonNull(running).close();
      running = null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return port;
  }

  /** A handle that outlives restarts. */
  public LocalPostgres server() {
    return LocalPostgres.of(port, () -> {});
  }

  public Database database(String name) {
    return new Database(server(), name);
  }

  Path data() {
    return data;
  }

  /** Of a server that is stopped, or of one in backup mode. */
  void copyTo(Path copy) {
    run("cp", "-a", data.toString(), copy.toString());
  }

  /** The files become those of the copy. */
  void replaceBy(Path copy) {
    run("rm", "-rf", data.toString());
    run("cp", "-a", copy.toString(), data.toString());
  }

  void append(String file, String text) {
    try {
      Files.writeString(data.resolve(file), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A streaming standby of this server as it is now, not started. The base backup is made by hand: the server's own tools for it
   * are not at hand here.
   *
   * @param settings lines of its configuration
   */
  public OwnServer standby(Path standbyData, String settings) throws SQLException, IOException {
    OwnServer standby = new OwnServer(standbyData, Map.of(), 0);
    String label;
    try (Connection connection = server().connect("postgres");
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_create_physical_replication_slot('standby', true)");
      statement.execute("SELECT pg_backup_start('standby', true)");
      copyTo(standbyData);
      try (ResultSet row = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
        row.next();
        label = row.getString(1);
      }
    }
    Files.deleteIfExists(standbyData.resolve("postmaster.pid"));
    try (Stream<Path> slots = Files.walk(standbyData.resolve("pg_replslot"))) {
      for (Path file : slots.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.endsWith("pg_replslot")) {
          Files.delete(file);
        }
      }
    }
    standby.append("backup_label", label);
    standby.append("standby.signal", "");
    standby.append(
        "postgresql.auto.conf",
        """
        primary_conninfo = 'host=127.0.0.1 port=%d user=postgres dbname=postgres'
        primary_slot_name = 'standby'
        hot_standby_feedback = on
        %s
        """
            .formatted(port, settings));
    return standby;
  }

  private static void run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String out = new String(process.getInputStream().readAllBytes());
      // cp tells of files that went while it copied a running server with 1: these are in the WAL.
      if (process.waitFor() > 1) {
        throw new IllegalStateException(String.join(" ", command) + ": " + out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    if (running != null) {
      stop();
    }
  }
}
