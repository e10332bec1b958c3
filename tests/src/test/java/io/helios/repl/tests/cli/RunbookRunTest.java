package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helios.repl.cli.Main;
import io.helios.repl.tests.cli.TestServer.Ran;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Runbooks on a real server: what runs, what stops, and that a run goes on where it stopped, whoever died. */
class RunbookRunTest {

  private static final String HEAD = "apiVersion: helios-repl/v1\nkind: Runbook\nname: trial\ndescription: a trial\n";

  @TempDir static Path directory;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
    server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
    server.done("tenant", "start", "acme", "--wait", "--timeout", "60s");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String file(String steps) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "trial", ".yaml"), HEAD + steps).toString();
  }

  /** The run that a command has said it runs. */
  private static String run(Ran ran) {
    return ran.err().replaceAll("(?s).*?run (trial-\\d+) .*", "$1");
  }

  private static JsonNode shown(String run) {
    return server.done("runbook", "show", run, "-o", "json").json();
  }

  /** {@code name STATE} of each line of the journal. */
  private static List<String> journal(String run) {
    return shown(run).path("steps").valueStream().map(s -> s.path("step").asString() + " " + s.path("state").asString()).toList();
  }

  private static String append(String name) {
    return "[sh, -c, 'echo ran >> \"$0\"', " + directory.resolve(name) + "]";
  }

  private static long lines(String name) throws IOException {
    Path path = directory.resolve(name);
    return Files.exists(path) ? Files.readAllLines(path).size() : 0;
  }

  @Test
  void theKeyOfATenantIsRotatedByTheRunbookThatIsShipped() {
    Ran planned = server.done("runbook", "run", "../runbooks/key-rotation.yaml", "--set", "tenant=acme", "--dry-run");
    assertThat(planned.out()).contains("rotate: helios-repl key rotate acme\n   plan\n", "with it from the next frame on", "holds now");
    int before = generation();
    Ran ran = server.done("runbook", "run", "../runbooks/key-rotation.yaml", "--set", "tenant=acme");
    assertThat(ran.out()).containsPattern("run key-rotation-\\d+ is done, all 5 steps\n");
    assertThat(generation()).isEqualTo(before + 1);
  }

  private static int generation() {
    return server.done("key", "list", "-o", "json").json().path("items").valueStream()
        .filter(k -> k.path("tenant").asString().equals("acme"))
        .findFirst().orElseThrow().path("generation").asInt();
  }

  @Test
  void aTenantThatDiffersIsRepairedByTheRunbookThatIsShippedOnceSomebodyApproves() {
    server.target.execute(
        "SET session_replication_role = replica; UPDATE orders SET note = 'spoilt' WHERE tenant_id = 'acme' AND id = 7");
    Ran waits = server.run("runbook", "run", "../runbooks/tenant-verify-and-repair.yaml", "--set", "tenant=acme");
    assertThat(waits.code()).as(waits.err()).isEqualTo(3);
    String resume = waits.err().replaceAll("(?s).*hint: (helios-repl runbook resume \\S+ --approve may-repair).*", "$1");
    Ran ran = server.run(resume.replace("helios-repl ", "").split(" "));
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).contains("undoing with repair").contains("approved by ");
    assertThat(server.target.query("SELECT note FROM orders WHERE tenant_id = 'acme' AND id = 7").toString()).contains("n7");
    Ran equal = server.done("runbook", "run", "../runbooks/tenant-verify-and-repair.yaml", "--set", "tenant=acme", "--approve", "may-repair");
    assertThat(equal.err()).doesNotContain("undoing");
  }

  @Test
  void aStepThatFailsStopsTheRunWhichGoesOnThereOnceTheCauseIsMended() throws IOException {
    String file =
        file(
            """
            parameters: { tenant: { description: which, required: true } }
            steps:
              - { name: first, hook: { run: %s }, timeout: 10s }
              - { name: second, command: [tenant, status, "{tenant}"] }
              - { name: third, command: [tenant, status, acme] }
            """
                .formatted(append("stops")));
    Ran ran = server.run("runbook", "run", file, "--set", "tenant=late");
    assertThat(ran.code()).as("that of the command").isEqualTo(5);
    String run = run(ran);
    assertThat(ran.err()).contains("error HR-7507: the run " + run + " has stopped at step second", "helios-repl runbook resume " + run);
    JsonNode stopped = shown(run);
    assertThat(stopped.path("state").asString()).isEqualTo("FAILED");
    assertThat(stopped.path("steps").get(1).path("output").asString()).contains("HR-1301");
    assertThat(stopped.path("steps").get(1).path("exitCode").asInt()).isEqualTo(5);
    Files.writeString(Path.of(file), "changed since");
    server.done("tenant", "create", "late", "--source", "shop", "--target", "shop-eu", "--key", "globex");

    Ran on = server.done("runbook", "resume", run);
    assertThat(on.out()).isEqualTo("run " + run + " is done, all 3 steps\n");
    assertThat(lines("stops")).as("what was done is not done again").isOne();
    assertThat(journal(run)).containsExactly("first DONE", "second FAILED", "second DONE", "third DONE");
    Ran over = server.run("runbook", "resume", run);
    assertThat(over.code()).isEqualTo(6);
    assertThat(over.err()).contains("HR-7506");
    assertThat(server.done("runbook", "show", run, "--text").out()).startsWith(HEAD);
    server.done("tenant", "delete", "late", "--confirm=late");
  }

  @Test
  void whatFailsIsTriedAgainThenUndoneThenGoneOnBehind() throws IOException {
    Ran ran =
        server.run(
            "runbook",
            "run",
            file(
                """
                steps:
                  - { name: tried, hook: { run: %s }, timeout: 10s, on-failure: { retry: { times: 2, pause: 1ms }, run: [undo, undo-too], then: continue } }
                  - { name: passed, check: { command: [tenant, status, acme], expect: { json: /state, equals: MOVED } }, on-failure: continue }
                  - { name: last, hook: { run: ["false"] }, timeout: 10s, on-failure: { run: [undo] } }
                  - { name: never, hook: { run: %s }, timeout: 10s }
                recovery:
                  - { name: undo, hook: { run: ["false"] }, timeout: 10s }
                  - { name: undo-too, hook: { run: %s }, timeout: 10s }
                """
                    .formatted("[sh, -c, 'echo ran >> \"$0\"; exit 3', " + directory.resolve("tried") + "]", append("never"), append("undone"))));
    assertThat(ran.code()).isEqualTo(1);
    assertThat(journal(run(ran)))
        .containsExactly(
            "tried FAILED", "tried FAILED", "tried FAILED", "undo FAILED", "undo-too DONE", "passed FAILED", "last FAILED", "undo FAILED");
    assertThat(lines("tried")).isEqualTo(3);
    assertThat(lines("undone")).isOne();
    assertThat(lines("never")).isZero();
    assertThat(shown(run(ran)).path("steps").get(5).path("note").asString()).isEqualTo("it does not show /state equals MOVED but STREAMING");
  }

  @Test
  void stepsForEachOfAListAreStepsOfTheirOwn() throws IOException {
    Ran ran =
        server.done(
            "runbook",
            "run",
            file(
                """
                parameters: { words: { description: some, required: true, list: true } }
                steps:
                  - { name: say, for-each: words, hook: { run: [echo, "{each}", "of {words}"] }, timeout: 10s }
                """),
            "--set",
            "words=a b, $(id)");
    assertThat(shown(run(ran)).path("steps").valueStream().map(s -> s.path("step").asString() + ": " + s.path("output").asString()).toList())
        .containsExactly("say:a b: a b of a b, $(id)", "say:$(id): $(id) of a b, $(id)");
  }

  @Test
  void aValueThatWouldBeAnOptionIsRefusedAndSoIsAnUnknownOne() throws IOException {
    String file =
        file("parameters: { tenant: { description: which, required: true } }\nsteps: [ { name: a, command: [tenant, status, \"{tenant}\"] } ]\n");
    assertThat(server.run("runbook", "run", file, "--set", "tenant=--all").err()).contains("HR-7503", "begins with a hyphen");
    assertThat(server.run("runbook", "run", file, "--set", "tenat=acme").err()).contains("did you mean tenant?", "the parameter tenant is not given");
    assertThat(server.run("runbook", "run", file, "--set", "tenant=acme", "--approve", "a").code()).isEqualTo(2);
  }

  @Test
  void aStepIsBrokenOffWhenItsTimeIsOver() throws IOException {
    Ran hook = server.run("runbook", "run", file("steps: [ { name: slow, hook: { run: [sleep, '600'] }, timeout: 200ms } ]\n"));
    assertThat(hook.code()).isEqualTo(8);
    Ran command =
        server.run("runbook", "run", file("steps: [ { name: slow, command: [tenant, wait, acme, --for, paused], timeout: 300ms } ]\n"));
    assertThat(command.code()).as(command.err()).isEqualTo(8);
    Ran wait =
        server.run(
            "runbook",
            "run",
            file(
                "steps: [ { name: slow, wait: { command: [tenant, status, acme], until: { json: /state, equals: PAUSED }, every: 50ms }, timeout: 500ms } ]\n"));
    assertThat(wait.code()).isEqualTo(8);
    assertThat(wait.err()).contains("after 500ms it still does not show /state equals PAUSED but STREAMING");
  }

  @Test
  void aDryRunChangesNothingAndLeavesNoRun() throws IOException {
    long runs = server.done("runbook", "show", "-o", "name").out().lines().count();
    Ran ran =
        server.done(
            "runbook",
            "run",
            file(
                """
                steps:
                  - { name: look, command: [tenant, status, acme] }
                  - { name: pause, command: [tenant, pause, acme] }
                  - { name: gone, command: [tenant, delete, acme], confirm: acme }
                  - { name: ask, approval: "may I" }
                  - { name: hook, hook: { run: %s }, timeout: 1m }
                  - { name: verify, command: [verify, run, acme] }
                """
                    .formatted(append("dry"))),
            "--dry-run");
    assertThat(ran.out()).contains("1. look: helios-repl tenant status acme\n   looked\n", "tenant delete acme would:", "4. ask: may I", "not run");
    assertThat(server.done("tenant", "status", "acme", "-o", "json").json().path("state").asString()).isEqualTo("STREAMING");
    assertThat(lines("dry")).isZero();
    assertThat(server.done("runbook", "show", "-o", "name").out().lines().count()).isEqualTo(runs);
  }

  @Test
  void aSecretThatAHookPrintsIsNotKept() throws IOException {
    Ran ran =
        server.run(
            Map.of("HELIOS_TOKEN", server.server().token()),
            "runbook",
            "run",
            file(
                """
                steps:
                  - { name: loud, hook: { run: [sh, -c, 'h=hunter; echo postgresql://u:${{h}}2@db/x password=${{h}}2 $HELIOS_RUN; env | grep TOKEN || true'] }, timeout: 10s }
                  - { name: quiet, hook: { run: [echo, words], keep-output: false }, timeout: 10s }
                """));
    assertThat(ran.code()).as(ran.err()).isZero();
    String output = shown(run(ran)).path("steps").get(0).path("output").asString();
    assertThat(output).isEqualTo("postgresql://u:***@db/x password=*** " + run(ran));
    assertThat(ran.err()).doesNotContain("hunter2", server.server().token());
    assertThat(shown(run(ran)).path("steps").get(1).path("output").asString()).isEmpty();
  }

  private static Process runner(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.helios.repl.cli.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(directory.resolve("runner.err").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().keySet().removeIf(k -> k.startsWith("HELIOS_"));
    builder.environment().put("HELIOS_SERVER", server.server().address().toString());
    builder.environment().putAll(server.environment());
    return builder.start();
  }

  /** The run that has come to the step of this name, once there is one. */
  private static String runAt(String step) {
    return await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .until(
            () ->
                server.done("runbook", "show", "-o", "json").json().path("items").valueStream()
                    .filter(r -> r.path("step").asString("").equals(step))
                    .map(r -> r.path("run").asString())
                    .findFirst()
                    .orElse(""),
            found -> !found.isEmpty());
  }

  private static Ran resumed(String... arguments) {
    return await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(300))
        .until(() -> server.run(arguments), ran -> !ran.err().contains("HR-7505"));
  }

  @Test
  void aRunnerThatIsKilledInTheMiddleOfACommandIsFoundOutAndAnotherGoesOn() throws Exception {
    String file =
        file(
            """
            steps:
              - { name: before, hook: { run: %s }, timeout: 10s }
              - { name: killed-in-command, wait: { command: [tenant, list], until: { json: /items/9, exists: true } }, timeout: 60s }
              - { name: after, command: [version] }
            """
                .formatted(append("kill-command")));
    Process runner = runner("runbook", "run", file);
    String run;
    try {
      run = runAt("killed-in-command");
      Ran held = server.run("runbook", "resume", run);
      assertThat(held.code()).as("two at once").isEqualTo(6);
      assertThat(held.err()).contains("HR-7505", "process " + runner.pid());
    } finally {
      runner.destroyForcibly();
      runner.waitFor();
    }
    assertThat(shown(run).path("state").asString()).isEqualTo("RUNNING");
    Ran on = resumed("runbook", "resume", run, "--step-done");
    assertThat(on.code()).as(on.err()).isZero();
    assertThat(journal(run)).containsExactly("before DONE", "killed-in-command RUNNING", "killed-in-command DONE", "after DONE");
    assertThat(lines("kill-command")).isOne();
  }

  @Test
  void ofAHookThatARunnerWasKilledInNobodyKnowsAndSomebodyHasToSay() throws Exception {
    String file =
        file(
            """
            steps:
              - { name: killed-in-hook, hook: { run: [sh, -c, 'echo ran >> "$0"; test -e "$0.go" || exec sleep 600', %s] }, timeout: 20m }
              - { name: after, command: [version] }
            """
                .formatted(directory.resolve("kill-hook")));
    Process runner = runner("runbook", "run", file);
    String run;
    try {
      run = runAt("killed-in-hook");
      await().atMost(Duration.ofSeconds(20)).until(() -> lines("kill-hook") == 1);
    } finally {
      List<ProcessHandle> hooks = runner.descendants().toList();
      runner.destroyForcibly();
      runner.waitFor();
      hooks.forEach(ProcessHandle::destroyForcibly);
    }
    Ran unknown = resumed("runbook", "resume", run);
    assertThat(unknown.code()).as(unknown.err()).isEqualTo(6);
    assertThat(unknown.err()).contains("HR-7508", "--step-done", "--again");
    assertThat(lines("kill-hook")).as("not run again").isOne();
    Files.createFile(directory.resolve("kill-hook.go"));
    Ran on = server.run("runbook", "resume", run, "--again");
    assertThat(on.code()).as(on.err()).isZero();
    assertThat(lines("kill-hook")).isEqualTo(2);
    assertThat(journal(run)).containsExactly("killed-in-hook RUNNING", "killed-in-hook DONE", "after DONE");
  }

  @Test
  void anInterruptLeavesTheRunResumableAtOnceAndSaysHow() throws Exception {
    String file =
        file("steps: [ { name: interrupted, wait: { command: [tenant, list], until: { json: /items/8, exists: true } }, timeout: 10m } ]\n");
    Process runner = runner("runbook", "run", file);
    String run;
    try {
      run = runAt("interrupted");
      runner.destroy();
      assertThat(runner.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(runner.exitValue()).as("ended by the signal").isEqualTo(143);
    } finally {
      runner.destroyForcibly();
    }
    assertThat(Files.readString(directory.resolve("runner.err"))).contains("HR-7511", "helios-repl runbook resume " + run);
    assertThat(shown(run).path("state").asString()).isEqualTo("INTERRUPTED");
    assertThat(journal(run)).containsExactly("interrupted INTERRUPTED");
    Ran on = server.run("runbook", "resume", run, "--step-done");
    assertThat(on.code()).as(on.err()).isZero();
  }

  /** As a terminal's Ctrl-C does. */
  @Test
  void aSignalThatReachesTheHookAsWellInterruptsTheRunAndFailsNoStep() throws Exception {
    String file =
        file(
            """
            steps:
              - { name: both-ended, hook: { run: [sleep, '600'] }, timeout: 20m, on-failure: { retry: { times: 5, pause: 1ms }, run: [undo] } }
            recovery:
              - { name: undo, hook: { run: %s }, timeout: 10s }
            """
                .formatted(append("both-ended")));
    Process runner = runner("runbook", "run", file);
    String run;
    try {
      run = runAt("both-ended");
      await().atMost(Duration.ofSeconds(20)).until(() -> runner.descendants().count() == 1);
      List<String> kill = new ArrayList<>(List.of("kill", "-TERM"));
      runner.descendants().forEach(hook -> kill.add(Long.toString(hook.pid())));
      kill.add(Long.toString(runner.pid()));
      assertThat(new ProcessBuilder(kill).start().waitFor()).isZero();
      assertThat(runner.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      runner.descendants().forEach(ProcessHandle::destroyForcibly);
      runner.destroyForcibly();
    }
    assertThat(shown(run).path("state").asString()).isEqualTo("INTERRUPTED");
    assertThat(journal(run)).containsExactly("both-ended INTERRUPTED");
    assertThat(lines("both-ended")).isZero();
  }

  @Test
  void aRunWaitsForAServerThatIsRestarted() throws Exception {
    Path going = directory.resolve("restarted.go");
    String file =
        file(
            """
            steps:
              - { name: meanwhile, hook: { run: [sh, -c, 'until test -e "$0"; do sleep 0.1; done', %s] }, timeout: 5m }
              - { name: after, command: [version] }
            """
                .formatted(going));
    try (TestServer own = new TestServer(Files.createDirectory(directory.resolve("own")))) {
      CompletableFuture<Ran> running = CompletableFuture.supplyAsync(() -> own.run("runbook", "run", file));
      await().atMost(Duration.ofSeconds(30)).until(() -> own.done("runbook", "show", "-o", "json").out().contains("meanwhile"));
      int port = own.server().address().getPort();
      own.restart(own.yaml().replace("127.0.0.1:0", "127.0.0.1:" + port));
      Files.createFile(going);
      Ran ran = running.get(60, TimeUnit.SECONDS);
      assertThat(ran.code()).as(ran.err()).isZero();
    }
  }

  @Test
  void runsAreListedAndAuditedAndOneThatIsNotThereIsToldSo() throws Exception {
    Ran ran = server.done("runbook", "run", file("steps: [ { name: a, command: [version] } ]\n"));
    assertThat(server.done("runbook", "show", run(ran)).out()).contains("state:", "DONE");
    assertThat(server.done("runbook", "show").out()).containsPattern("(?m)^" + run(ran) + " +DONE +1/1 +a +owner ");
    assertThat(server.run("runbook", "show", "trial-999999").code()).isEqualTo(5);
    assertThat(server.run("runbook", "resume", "nothing").code()).isEqualTo(5);
    assertThat(server.done("events", "list", "--audit").out()).contains("POST /api/v1/runbooks/" + run(ran) + "/steps/1");
  }

  @Test
  void aRunIsKeptInPostgresqlAsWell() throws Exception {
    try (TestServer own = new TestServer(Files.createDirectory(directory.resolve("postgres")))) {
      own.restart(own.yaml() + "store: \"" + own.target.uri() + "\"\n");
      String file = file("steps:\n  - { name: a, command: [version] }\n  - { name: ask, approval: go? }\n");
      Ran waits = own.run("runbook", "run", file);
      assertThat(waits.code()).as(waits.err()).isEqualTo(3);
      own.done("runbook", "resume", run(waits), "--approve", "ask");
      assertThat(own.done("runbook", "show", "-o", "json").json().path("items").get(0).path("state").asString()).isEqualTo("DONE");
    }
  }

  @Test
  void anApprovalIsAskedForAtATerminalAndKeptWithWhoGaveIt() throws IOException {
    String file = file("steps:\n  - { name: ask, approval: Is it a good day? }\n  - { name: after, hook: { run: %s }, timeout: 10s }\n".formatted(append("approved")));
    Ran declined = server.atATerminal("no\n", "runbook", "run", file);
    assertThat(declined.code()).isEqualTo(3);
    assertThat(declined.err()).contains("Is it a good day?", "HR-7509", "--approve ask");
    String run = run(declined);
    assertThat(shown(run).path("state").asString()).isEqualTo("WAITING");
    assertThat(lines("approved")).isZero();
    assertThat(server.atATerminal("yes\n", "runbook", "resume", run).code()).isZero();
    assertThat(lines("approved")).isOne();
    assertThat(journal(run)).containsExactly("ask WAITING", "ask DONE", "after DONE");
    assertThat(shown(run).path("steps").get(1).path("note").asString()).startsWith("approved by " + System.getProperty("user.name"));
    Ran skipping = server.run("runbook", "run", file);
    Ran refused = server.run("runbook", "resume", run(skipping), "--step-done");
    assertThat(refused.code()).as("an approval is not left out").isEqualTo(2);
    assertThat(shown(run(skipping)).path("state").asString()).isEqualTo("WAITING");
  }

  @Test
  void aRunGoesOnWithAnEarlierStepWhereItIsSaidAndNeverWithALaterOne() throws IOException {
    Ran ran =
        server.run(
            "runbook",
            "run",
            file(
                "steps:\n  - { name: one, hook: { run: %s }, timeout: 10s }\n  - { name: two, hook: { run: [test, -e, %s] }, timeout: 10s }\n  - { name: three, command: [version] }\n"
                    .formatted(append("from"), directory.resolve("from.go"))));
    assertThat(server.run("runbook", "resume", run(ran), "--from", "three").code()).isEqualTo(2);
    assertThat(server.run("runbook", "resume", run(ran), "--from", "one", "--again").code()).isEqualTo(2);
    Files.createFile(directory.resolve("from.go"));
    server.done("runbook", "resume", run(ran), "--from", "one");
    assertThat(lines("from")).isEqualTo(2);
  }

  @Test
  void whoLostARunWritesNothingIntoItAnyMore() throws Exception {
    String body = "{\"runbook\": \"trial\", \"text\": \"x\", \"steps\": 1, \"holder\": \"one\"}";
    JsonNode first = TestServer.json(server.api("POST", "/runbooks", body));
    String path = "/runbooks/" + first.path("run").path("run").asString();
    String old = first.path("lease").asString();
    assertThat(server.api("POST", path + "/lease", "{\"holder\": \"two\"}").statusCode()).as("it is held").isEqualTo(409);
    assertThat(server.api("POST", path + "/end", "{\"lease\": \"" + old + "\", \"state\": \"INTERRUPTED\"}").statusCode()).isEqualTo(200);
    assertThat(server.api("POST", path + "/end", "{\"lease\": \"" + old + "\", \"state\": \"INTERRUPTED\"}").statusCode()).as("again").isEqualTo(200);
    assertThat(server.api("POST", path + "/lease", "{\"holder\": \"two\"}").statusCode()).isEqualTo(200);
    for (String verb : List.of("/renew", "/end", "/steps/1")) {
      HttpResponse<String> late =
          server.api(
              "POST",
              path + verb,
              "{\"lease\": \"" + old + "\", \"state\": \"FAILED\", \"position\": 0, \"attempt\": 1, \"step\": \"a\", \"kind\": \"hook\"}");
      assertThat(late.statusCode()).as(verb).isEqualTo(409);
      assertThat(TestServer.json(late).path("code").asString()).isEqualTo("HR-7510");
    }
    assertThat(server.api("GET", path, null).body()).as("the secret of the lease is told to nobody").doesNotContain(old);
  }

  /** Else whoever may begin runs could have his hooks run by others, on their machines. */
  @Test
  void aRunThatSomebodyElseHasBegunIsRunOnlyByWhoSaysThatHeHasLookedAtIt() throws IOException {
    Ran begun =
        server.run("runbook", "run", file("steps:\n  - { name: ask, approval: go? }\n  - { name: mine, hook: { run: %s }, timeout: 10s }\n".formatted(append("accepted"))));
    Map<String, String> elsewhere =
        Map.of("XDG_STATE_HOME", directory.resolve("elsewhere").toString(), "HELIOS_TOKEN", server.server().token());
    Ran refused = server.run(elsewhere, "runbook", "resume", run(begun), "--approve", "ask");
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err()).contains("HR-7512", "--accept ");
    assertThat(lines("accepted")).isZero();
    assertThat(server.run(elsewhere, "runbook", "resume", run(begun), "--approve", "ask", "--accept", "0123456789abcdef").code()).isEqualTo(3);
    assertThat(shown(run(begun)).path("state").asString()).as("as it was").isEqualTo("WAITING");
    String fingerprint = refused.err().replaceAll("(?s).*--accept ([0-9a-f]{16}).*", "$1");
    Ran accepted = server.run(elsewhere, "runbook", "resume", run(begun), "--approve", "ask", "--accept", fingerprint);
    assertThat(accepted.code()).as(accepted.err()).isZero();
    assertThat(lines("accepted")).isOne();
  }

  /** Two take the same run at the same moment: one gets it. */
  @Test
  void ofTwoWhoResumeAtOnceOneGetsTheRun() throws Exception {
    Ran failed = server.run("runbook", "run", file("steps: [ { name: a, hook: { run: [sh, -c, 'test -e \"$0\" && sleep 3', %s] }, timeout: 1m } ]\n".formatted(directory.resolve("both.go"))));
    Files.createFile(directory.resolve("both.go"));
    List<CompletableFuture<Ran>> both =
        Stream.generate(() -> CompletableFuture.supplyAsync(() -> server.run("runbook", "resume", run(failed)))).limit(2).toList();
    List<Integer> codes = new ArrayList<>();
    for (CompletableFuture<Ran> one : both) {
      codes.add(one.get(60, TimeUnit.SECONDS).code());
    }
    assertThat(codes).containsExactlyInAnyOrder(0, 6);
    assertThat(journal(run(failed))).containsExactly("a FAILED", "a DONE");
  }
}
