package io.helios.repl.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helios.repl.cli.Main;
import io.helios.repl.cli.Shell;
import io.helios.repl.config.ConfigurationInput;
import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.StoreLocation;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.seal.FileKeyring;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.MasterKey;
import io.helios.repl.server.ControlStore;
import io.helios.repl.server.FleetMaker;
import io.helios.repl.server.HeliosServer;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk of a server's data directory is full: with its journal stand there its control store, its keyring and its token.
 * What needs the disk is refused by name and changes nothing; what does not works; nothing has to be restarted.
 */
class DiskFullServerTest {

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  private HeliosServer start(Path data) throws IOException {
    String yaml =
        """
        listen: 127.0.0.1:0
        data-dir: %s
        sources:
          shop: { url: "%s", slot: helios_%s, publication: helios_%s, tenancy: { column: tenant_id } }
        targets:
          copy: { url: "%s" }
        """
            .formatted(data, source.uri(), source.name(), source.name(), target.uri());
    var loaded = ConfigurationLoader.load(new ConfigurationInput(Files.writeString(directory.resolve("helios-repl.yaml"), yaml), Map.of(), Map.of()));
    return HeliosServer.start(
        Objects.requireNonNull(loaded.configuration(), () -> loaded.problems().toString()),
        FleetMaker.standard(Map.of()),
        environment());
  }

  private Map<String, String> environment() {
    return Map.of("XDG_STATE_HOME", directory.resolve("state").toString());
  }

  /** What the command printed, after its exit code. */
  private String run(HeliosServer server, String... arguments) {
    Map<String, String> environment = new HashMap<>(environment());
    environment.put("HELIOS_SERVER", server.address().toString());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream both = new PrintStream(out, true, StandardCharsets.UTF_8);
    int code =
        Main.run(new Shell(both, both, new BufferedReader(new StringReader("")), environment, false, false), arguments);
    return code + " " + out.toString(StandardCharsets.UTF_8);
  }

  private void done(HeliosServer server, String... arguments) {
    assertThat(run(server, arguments)).startsWith("0 ");
  }

  private String[] create(String tenant) {
    return new String[] {"tenant", "create", tenant, "--key", tenant, "--source", "shop", "--target", "copy"};
  }

  @Test
  @Tag("long")
  void whatNeedsTheDiskIsRefusedByNameAndTheRestGoesOn() throws Exception {
    source.execute(
        "CREATE TABLE orders (tenant_id text, id bigint, note text, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders SELECT t, i, 'x' FROM unnest(ARRAY['a', 'b']) t, generate_series(1, 50) i");
    try (DiskTmpfs disk = DiskTmpfs.mount(directory.resolve("disk"), 8)) {
      Path data = disk.path().resolve("data");
      try (HeliosServer server = start(data)) {
        done(server, create("a"));
        done(server, "tenant", "start", "a", "--wait", "--timeout", "90s");

        Keyring keyring = new FileKeyring(data.resolve("keyring"), MasterKey.fromFile(data.resolve("master.key")));
        disk.fill();
        String created = run(server, create("b"));
        assertThat(created).doesNotStartWith("0 ").contains("HR-9006", "see whether its disk has room: df ");
        String rotated = run(server, "key", "rotate", "a");
        // What the audit log cannot tell is not done; with the log elsewhere it is the keyring that refuses.
        assertThat(rotated).doesNotStartWith("0 ").contains("HR-9006", "see whether its disk has room: df ");
        assertThatThrownBy(() -> keyring.create(UUID.randomUUID()))
            .isInstanceOfSatisfying(
                HeliosException.class,
                e -> {
                  assertThat(e.problem().code()).isEqualTo(ErrorCode.KEYRING_UNAVAILABLE);
                  assertThat(e.problem().why()).contains("the disk is full");
                });
        assertThat(run(server, "tenant", "list")).startsWith("0 ").contains("a").doesNotContain("b ");
        assertThat(run(server, "tenant", "status", "a")).startsWith("0 ").contains("STREAMING");
        assertThat(run(server, "key", "list")).startsWith("0 ");
        assertThat(Files.list(data.resolve("keyring"))).allMatch(file -> !file.toString().endsWith(".new"));
        source.execute("INSERT INTO orders SELECT 'a', i, repeat(md5(i::text), 50) FROM generate_series(100, 1000) i");
        await()
            .atMost(Replication.PATIENCE)
            .until(() -> run(server, "tenant", "describe", "a").contains("HR-4003"));

        disk.makeRoom();
        done(server, create("b"));
        done(server, "key", "rotate", "a");
        done(server, "tenant", "start", "b", "--wait", "--timeout", "90s");
        done(server, "tenant", "wait", "a", "--for", "caught-up", "--timeout", "90s");
        done(server, "verify", "run", "a");
        // The alert that the full disk could not take is in the history all the same.
        ControlStore store = ControlStore.open(new StoreLocation.Sqlite(), data);
        await()
            .atMost(Replication.PATIENCE)
            .until(() -> store.events(null, 100).stream().anyMatch(event -> "HR-4003".equals(event.code())));
      }
      // A server that starts says what it needs room for, and leaves everything as it was.
      String token = Files.readString(data.resolve("token"));
      disk.fill();
      assertThatThrownBy(() -> start(data))
          .isInstanceOfSatisfying(
              HeliosException.class,
              e -> {
                assertThat(e.problem().code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
                assertThat(e.problem().hint()).contains("df " + data, "start the server again");
              });
      disk.makeRoom();
      assertThat(Files.readString(data.resolve("token"))).isEqualTo(token);
      try (HeliosServer again = start(data)) {
        done(again, "tenant", "wait", "a", "--for", "caught-up", "--timeout", "90s");
        done(again, "verify", "run", "b");
      }
    }
  }
}
