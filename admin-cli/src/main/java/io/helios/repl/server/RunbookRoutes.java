package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;
import static io.helios.repl.server.Api.badRequest;
import static io.helios.repl.server.Api.body;

import io.helios.repl.runbook.Entry;
import io.helios.repl.runbook.RunState;
import io.helios.repl.runbook.StepState;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The journals of runs of runbooks. Steps are run by whoever runs the command; the server keeps what they have come to. */
final class RunbookRoutes {

  private static final int LIMIT = 50;
  private static final int MOST = 1_000;
  private static final int LONGEST_TEXT = 256 << 10;
  private static final int LONGEST_OUTPUT = 5_000;
  private static final int LONGEST_NOTE = 1_000;

  private final RunbookRuns runs;

  RunbookRoutes(RunbookRuns runs) {
    this.runs = runs;
  }

  void install(RoutesConfig routes) {
    routes.get("/api/v1/runbooks", this::list);
    routes.post("/api/v1/runbooks", this::begin);
    routes.get("/api/v1/runbooks/{run}", r -> answer(r, 200, whole(runs.get(run(r)), Instant.now())));
    routes.post("/api/v1/runbooks/{run}/lease", this::take);
    routes.post("/api/v1/runbooks/{run}/renew", this::renew);
    routes.post("/api/v1/runbooks/{run}/steps/{seq}", this::write);
    routes.post("/api/v1/runbooks/{run}/end", this::end);
  }

  private void list(Context request) {
    int limit = Pages.limit(request, LIMIT, MOST);
    String cursor = request.queryParam("cursor");
    List<RunbookRun> found = runs.newest(cursor == null ? Long.MAX_VALUE : Pages.number(cursor), limit + 1);
    List<RunbookRun> page = found.subList(0, Math.min(limit, found.size()));
    Instant now = Instant.now();
    ObjectNode list = Documents.list("RunbookRunList", page.stream().map(run -> head(run, now)).toList());
    if (found.size() > limit) {
      list.put("next", Long.toString(page.getLast().number()));
    }
    answer(request, 200, list);
  }

  private void begin(Context request) {
    JsonNode body = body(request);
    String runbook = text(body, "runbook", 63);
    if (!runbook.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw badRequest("the name of the runbook is not right", "letters, digits, dots, hyphens and underscores");
    }
    String text = text(body, "text", LONGEST_TEXT);
    Map<String, String> parameters = new LinkedHashMap<>();
    body.path("parameters").properties().forEach(p -> parameters.put(p.getKey(), p.getValue().asString("")));
    Gate.detail(request, List.of(runbook));
    RunbookRuns.Taken taken =
        runs.begin(
            runbook, text, sha256(text), parameters, number(body, "steps"), Gate.who(request), text(body, "holder", 200));
    Gate.detail(request, List.of(taken.run().name()));
    answer(request, 201, taken(taken));
  }

  private void take(Context request) {
    Gate.detail(request, List.of(run(request)));
    answer(request, 200, taken(runs.take(run(request), text(body(request), "holder", 200))));
  }

  private void renew(Context request) {
    runs.renew(run(request), lease(body(request)));
    answer(request, 200, lease());
  }

  private void write(Context request) {
    JsonNode body = body(request);
    String seq = request.pathParam("seq");
    if (!seq.matches("[1-9]\\d{0,5}")) {
      throw badRequest("the number of the line is not right", "a whole number from 1");
    }
    JsonNode exit = body.path("exitCode");
    Entry entry =
        new Entry(
            Integer.parseInt(seq),
            number(body, "position"),
            text(body, "step", 200),
            text(body, "kind", 20),
            body.path("recovery").asBoolean(false),
            number(body, "attempt"),
            state(StepState.class, body),
            exit.isInt() ? Integer.valueOf(exit.asInt()) : null,
            optional(body, "output", LONGEST_OUTPUT),
            optional(body, "note", LONGEST_NOTE));
    Gate.detail(request, List.of(entry.step(), entry.state().name()));
    runs.write(run(request), lease(body), entry, Gate.who(request));
    answer(request, 200, lease());
  }

  private void end(Context request) {
    JsonNode body = body(request);
    RunState state = state(RunState.class, body);
    if (state == RunState.RUNNING) {
      throw badRequest("a run that ends does not run", "\"state\": one of DONE, FAILED, WAITING, INTERRUPTED");
    }
    Gate.detail(request, List.of(state.name()));
    runs.end(run(request), lease(body), state);
    answer(request, 200, head(runs.get(run(request)), Instant.now()));
  }

  private static String run(Context request) {
    String run = request.pathParam("run");
    if (!run.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
      throw badRequest("that is no name of a run", "helios-repl runbook show");
    }
    return run;
  }

  private static String lease(JsonNode body) {
    return text(body, "lease", 36);
  }

  private static String text(JsonNode body, String field, int most) {
    String text = optional(body, field, most);
    if (text.isBlank()) {
      throw badRequest("the body has no \"" + field + "\"", "\"" + field + "\": a text");
    }
    return text;
  }

  private static String optional(JsonNode body, String field, int most) {
    String text = body.path(field).asString("");
    if (text.length() > most) {
      throw badRequest("\"" + field + "\" is too long", "at most " + most + " characters");
    }
    return text;
  }

  private static int number(JsonNode body, String field) {
    JsonNode number = body.path(field);
    if (!number.isInt() || number.asInt() < 0) {
      throw badRequest("the body has no number \"" + field + "\"", "\"" + field + "\": a whole number");
    }
    return number.asInt();
  }

  private static <E extends Enum<E>> E state(Class<E> type, JsonNode body) {
    String given = body.path("state").asString("");
    return Arrays.stream(type.getEnumConstants())
        .filter(s -> s.name().equals(given))
        .findFirst()
        .orElseThrow(() -> badRequest("the body has no such \"state\"", Arrays.toString(type.getEnumConstants())));
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ObjectNode lease() {
    return Json.document("RunbookLease").put("leaseMillis", RunbookRuns.LEASE.toMillis());
  }

  private static ObjectNode taken(RunbookRuns.Taken taken) {
    ObjectNode document = lease().put("lease", taken.lease()).put("before", taken.before().name());
    document.set("run", whole(taken.run(), Instant.now()));
    return document;
  }

  private static ObjectNode head(RunbookRun run, Instant now) {
    RunbookRun.Line last = run.steps().isEmpty() ? null : run.steps().getLast();
    ObjectNode document =
        Json.document("RunbookRun")
            .put("run", run.name())
            .put("runbook", run.runbook())
            .put("state", run.stateAt(now).name())
            .put("stepsPlanned", run.planned())
            .put("position", last == null ? 0 : last.entry().position() + 1)
            .put("step", last == null ? null : last.entry().step())
            .put("who", run.who())
            .put("holder", run.holder())
            .put("held", run.isHeld(now))
            .put("begun", Documents.time(run.begun()))
            .put("ended", run.ended() == null ? null : Documents.time(run.ended()))
            .put("millis", Duration.between(run.begun(), run.ended() == null ? now : run.ended()).toMillis())
            .put("sha256", run.sha256());
    ObjectNode parameters = document.putObject("parameters");
    run.parameters().forEach(parameters::put);
    return document;
  }

  private static ObjectNode whole(RunbookRun run, Instant now) {
    ObjectNode document = head(run, now).put("text", run.text());
    ArrayNode steps = document.putArray("steps");
    run.steps().forEach(line -> steps.add(line(line)));
    return document;
  }

  private static ObjectNode line(RunbookRun.Line line) {
    Instant ended = line.ended();
    return line.entry()
        .document()
        .put("seq", line.entry().seq())
        .put("who", line.who())
        .put("begun", Documents.time(line.begun()))
        .put("ended", ended == null ? null : Documents.time(ended))
        .put("millis", ended == null ? null : Long.valueOf(Duration.between(line.begun(), ended).toMillis()));
  }
}
