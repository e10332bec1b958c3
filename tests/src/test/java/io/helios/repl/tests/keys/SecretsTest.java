package io.helios.repl.tests.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole run of the program at its debug level, with everything going wrong that makes servers talk: rows that break
 * rules of the target, values that do not read, triggers that tell what they see, logins that fail, configurations and
 * requests that are wrong. Then every place that an operator, a log shipper or a neighbour on the machine sees is searched
 * for passwords, tokens, keys and row values.
 */
class SecretsTest {

  private static final String VALUE = "rowvalue-7f3a9c";
  private static final String PASSWORD = "password-5b21e8";
  private static final String WRONG_PASSWORD = "password-c4d7aa";
  private static final String FILE_PASSWORD = "password-90ee13";
  private static final String WRONG_TOKEN = "wrongtoken-31fb6d";
  private static final String BODY = "bodytexte8a054";
  private static final List<String> TENANTS = List.of("check", "text", "teller", "taken", "sound");

  @TempDir Path directory;

  private final Database source = Database.create(Postgres.shared(17, "source"));
  private final Database target = Database.create(Postgres.shared(17, "target"));

  /** What was seen, by where. */
  private final Map<String, byte[]> seen = new LinkedHashMap<>();

  @Test
  @Tag("long")
  void noSecretAndNoRowValueIsSeenAnywhereButInTheDatabasesAndTheirOwnFiles() throws Exception {
    String reader = login(source, PASSWORD);
    String applier = login(target, FILE_PASSWORD);
    Path passwordFile = Files.writeString(directory.resolve("target.pw"), FILE_PASSWORD + "\n");
    Files.setPosixFilePermissions(passwordFile, PosixFilePermissions.fromString("rw-------"));
    source.execute(
        "CREATE TABLE item (tenant_id text, id bigint, mail text, price text, note text, PRIMARY KEY (tenant_id, id))");
    for (String tenant : TENANTS) {
      source.execute("INSERT INTO item VALUES ('" + tenant + "', 1, '" + VALUE + tenant + "', '1', '" + VALUE + "')");
    }
    String more =
        "  wrong: { url: \"postgresql://%s:%s@127.0.0.1:%d/%s\" }"
            .formatted(applier, WRONG_PASSWORD, target.server().port(), target.name());
    try (ServerProcess server =
        new ServerProcess(
            directory,
            source,
            source.uri().replace("postgres@", reader + ":" + PASSWORD + "@"),
            target.uri().replace("postgres@", applier + "@") + "\", password-file: \"" + passwordFile,
            more)) {
      wrongConfigurations(server);
      server.start("--debug");
      for (String tenant : TENANTS) {
        server.create(tenant);
        server.api("POST", "/tenants/" + tenant + "/start", null);
      }
      for (String tenant : TENANTS) {
        server.becomes(tenant, "STREAMING");
      }
      everythingGoesWrong(server);
      wrongRequests(server);
      look(server);
      searchDisk(server);
    }
  }

  @Test
  void theLauncherAsksForNoHeapDumps() throws IOException {
    assertThat(Files.readString(Path.of("..", "helios-repl"))).contains("exec").doesNotContain("HeapDump");
  }

  /** A login that really has to give its password. */
  private static String login(Database database, String password) throws Exception {
    String role = "locked_" + database.name();
    Path rules = Path.of(database.value("SHOW hba_file"));
    assumeTrue(Files.isWritable(rules), "the server's pg_hba.conf is out of reach");
    database.execute("CREATE ROLE " + role + " SUPERUSER LOGIN PASSWORD '" + password + "'");
    String before = Files.readString(rules);
    Files.writeString(rules, "host all,replication " + role + " 127.0.0.1/32 scram-sha-256\n" + before);
    database.execute("SELECT pg_reload_conf()");
    return role;
  }

  private void wrongConfigurations(ServerProcess server) throws Exception {
    List<String> urls =
        List.of(
            "postgresql://u:" + PASSWORD + "@127.0.0.1:port/shop",
            "postgresql://u:" + PASSWORD + "@/shop?sslmode=perhaps&nonsense=1",
            "postgres//u:" + PASSWORD + "@127.0.0.1/shop",
            "postgresql://u:" + PASSWORD + "%zz@127.0.0.1/shop",
            "postgresql://127.0.0.1/shop?user=u&password=" + PASSWORD + "&port=x");
    StringBuilder yaml = new StringBuilder("data-dir: " + directory.resolve("none") + "\nsources:\n");
    for (int i = 0; i < urls.size(); i++) {
      yaml.append("  s").append(i).append(": { url: \"").append(urls.get(i)).append("\", tenancy: { database: true } }\n");
    }
    yaml.append("store: \"").append(urls.get(2)).append("\"\n");
    Path file = Files.writeString(directory.resolve("wrong.yaml"), yaml);
    assertThat(ran(server, "server", "run", "--debug", "--config", file.toString())).isEqualTo(2);
    assertThat(ran(server, "server", "config", "--debug", "--config", file.toString())).isEqualTo(2);
    Path key = Files.writeString(directory.resolve("bad.key"), PASSWORD);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    Path keyed =
        Files.writeString(
            directory.resolve("keyed.yaml"),
            "listen: 127.0.0.1:0\ndata-dir: " + directory.resolve("keyed") + "\nmaster-key-file: " + key + "\n");
    assertThat(ran(server, "server", "run", "--debug", "--config", keyed.toString())).isEqualTo(6);
  }

  private int ran(ServerProcess server, String... arguments) throws Exception {
    return server.run("stdout", arguments).waitFor();
  }

  /** Each tenant's next row meets a rule of the target that the source does not have. */
  private void everythingGoesWrong(ServerProcess server) {
    target.execute(
        "ALTER TABLE item ADD CONSTRAINT no_such_notes CHECK (tenant_id <> 'check' OR id = 1)",
        "CREATE UNIQUE INDEX one_mail ON item (mail)",
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " RAISE WARNING 'seen %', NEW;"
            + " IF NEW.tenant_id = 'teller' AND NEW.id > 1 THEN RAISE EXCEPTION 'told of %', NEW.note USING DETAIL = NEW.mail;"
            + " END IF; RETURN NEW; END $$",
        "CREATE TRIGGER tell BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION tell()",
        "ALTER TABLE item ENABLE ALWAYS TRIGGER tell",
        // A value that the target's own session has put where one is to come, and one that is gone: conflicts.
        "SET session_replication_role = replica; INSERT INTO item VALUES ('sound', 2, 'x', '1', '" + VALUE + "')",
        "SET session_replication_role = replica; DELETE FROM item WHERE tenant_id = 'sound' AND id = 1");
    source.execute(
        "INSERT INTO item VALUES ('check', 2, 'c', '1', '" + VALUE + "')",
        "INSERT INTO item VALUES ('teller', 2, '" + VALUE + "', '1', '" + VALUE + "')",
        "INSERT INTO item VALUES ('taken', 2, '" + VALUE + "check', '1', '" + VALUE + "')",
        "INSERT INTO item VALUES ('sound', 2, 's', '1', '" + VALUE + "')",
        "UPDATE item SET note = '" + VALUE + "again' WHERE tenant_id = 'sound' AND id = 1");
    for (String tenant : List.of("check", "teller")) {
      server.becomes(tenant, "FAILED");
    }
    await()
        .atMost(ServerProcess.PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(server.status("taken").path("error").isNull()).as("taken").isFalse();
              assertThat(server.status("sound").path("conflicts").asInt()).isPositive();
            });
    target.execute("DROP TRIGGER tell ON item", "ALTER TABLE item ALTER COLUMN price TYPE integer USING price::integer");
    source.execute("UPDATE item SET price = '" + VALUE + "' WHERE tenant_id = 'text'");
    server.becomes("text", "FAILED");
  }

  private void wrongRequests(ServerProcess server) throws Exception {
    for (String path : List.of("/api/v1/tenants", "/api/v1/tenants/x/status", "/api/v1/nowhere")) {
      keep("answer to a wrong token", server.send("GET", path, null, WRONG_TOKEN).body());
    }
    for (String body : List.of("{\"tenants\": [" + BODY, "{\"" + BODY + "\": 1", "\"" + BODY + "\"")) {
      keep("answer to a wrong body", server.send("POST", "/api/v1/tenants", body, server.token()).body());
    }
    server.environment.put("HELIOS_TOKEN", WRONG_TOKEN);
    assertThat(ran(server, "tenant", "list", "--debug", "--server", server.address())).isEqualTo(4);
    server.environment.clear();
    ran(server, "target", "check", "wrong", "--debug", "--server", server.address());
    ran(server, "tenant", "start", "check", "--wait", "--timeout", "20s", "--debug", "--server", server.address());
    ran(server, "tenant", "describe", "teller", "--debug", "--server", server.address());
    ran(server, "tenant", "errors", "text", "--debug", "--server", server.address());
    ran(server, "verify", "run", "sound", "--debug", "--server", server.address());
  }

  /** Everything that the running program shows of itself. */
  private void look(ServerProcess server) throws Exception {
    List<String> paths = new ArrayList<>(List.of("/livez", "/readyz", "/metrics"));
    for (String path :
        List.of("server", "config", "sources", "sources/shop/check", "targets", "targets/copy/check",
            "targets/wrong/check", "tenants", "keys")) {
      paths.add("/api/v1/" + path);
    }
    for (String tenant : TENANTS) {
      paths.add("/api/v1/tenants/" + tenant);
      paths.add("/api/v1/tenants/" + tenant + "/status");
    }
    for (String path : paths) {
      var answer = server.send("GET", path, null, server.token());
      keep("GET " + path, answer.body() + answer.headers().map());
    }
    if (Files.isDirectory(Path.of("/proc/self"))) {
      processes(server);
    }
    Path bin = Path.of(System.getProperty("java.home"), "bin");
    Process threads =
        new ProcessBuilder(bin.resolve("jcmd").toString(), Long.toString(server.process().pid()), "Thread.print", "-l")
            .redirectErrorStream(true)
            .start();
    String printed = new String(threads.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(printed).contains("helios-capture-shop");
    keep("thread dump", printed);
    Process flags =
        new ProcessBuilder(bin.resolve("jcmd").toString(), Long.toString(server.process().pid()), "VM.flags", "-all")
            .start();
    assertThat(new String(flags.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .containsPattern("HeapDumpOnOutOfMemoryError +.?= false");
    server.process().destroy();
    assertThat(server.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    keep("log", server.text("stderr"));
    keep("output", server.text("stdout"));
    assertThat(server.text("stderr"))
        .as("it has met what it should")
        .contains("no_such_notes", "SQLSTATE P0001", "SQLSTATE 22P02", "HR-9007");
  }

  /** While a command runs, too. */
  private void processes(ServerProcess server) throws IOException {
    Process waiting =
        server.run(
            "stdout", "tenant", "wait", "sound", "--for", "failed", "--timeout", "60s", "--server", server.address());
    try {
      Path commandLine = Path.of("/proc/" + waiting.pid() + "/cmdline");
      await().atMost(ServerProcess.PATIENCE).until(() -> Files.readString(commandLine).contains("cli.Main"));
      processes();
    } finally {
      waiting.destroyForcibly();
    }
  }

  /** Command lines and environments of all processes of this machine that can be seen. */
  private void processes() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      for (Path process : all.filter(p -> String.valueOf(p.getFileName()).matches("\\d+")).toList()) {
        for (String what : List.of("cmdline", "environ")) {
          try {
            keep(process.getFileName() + " " + what, new String(Files.readAllBytes(process.resolve(what)), StandardCharsets.UTF_8));
          } catch (IOException ended) {
            // or is somebody else's
          }
        }
      }
    }
  }

  private void keep(String where, String text) {
    seen.put(where + " #" + seen.size(), text.getBytes(StandardCharsets.UTF_8));
  }

  private void searchDisk(ServerProcess server) {
    Path data = server.data();
    for (Path file : Secrets.files(data)) {
      seen.put(data.relativize(file).toString(), Secrets.read(file));
    }
    assertThat(seen.keySet()).anyMatch(name -> name.startsWith("journal")).contains("control.db");

    Map<String, byte[]> secrets = new LinkedHashMap<>();
    for (String text : List.of(VALUE, PASSWORD, WRONG_PASSWORD, FILE_PASSWORD, WRONG_TOKEN, BODY)) {
      secrets.put(text, text.getBytes(StandardCharsets.UTF_8));
    }
    absent(secrets, seen);

    secrets.clear();
    secrets.put("token", server.token().getBytes(StandardCharsets.UTF_8));
    byte[] master = Secrets.masterKey(data.resolve("master.key"));
    spell(secrets, "master key", master);
    for (Path file : Secrets.files(data.resolve("keyring"))) {
      String name = String.valueOf(file.getFileName());
      if (name.endsWith(".key")) {
        UUID tenant = UUID.fromString(name.substring(0, 36));
        Secrets.tenantKeys(data.resolve("keyring"), tenant, master)
            .forEach(key -> spell(secrets, "key of " + tenant, key));
      }
    }
    assertThat(secrets).hasSizeGreaterThan(3 * TENANTS.size());
    Map<String, byte[]> outside = new LinkedHashMap<>(seen);
    outside.remove("token");
    outside.remove("master.key");
    absent(secrets, outside);
  }

  private static void spell(Map<String, byte[]> secrets, String name, byte[] key) {
    secrets.put(name + " as it is", key);
    secrets.put(name + " in hex", HexFormat.of().formatHex(key).getBytes(StandardCharsets.US_ASCII));
    secrets.put(name + " in base64", Base64.getEncoder().withoutPadding().encode(key));
  }

  private static void absent(Map<String, byte[]> secrets, Map<String, byte[]> places) {
    List<String> found = new ArrayList<>();
    places.forEach(
        (where, content) ->
            secrets.forEach(
                (name, secret) -> {
                  if (Secrets.contains(content, secret)) {
                    found.add(name + " in " + where);
                  }
                }));
    assertThat(found).isEmpty();
  }
}
