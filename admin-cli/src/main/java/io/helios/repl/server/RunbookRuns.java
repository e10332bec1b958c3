package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.runbook.Entry;
import io.helios.repl.runbook.RunState;
import io.helios.repl.runbook.StepState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The runs of runbooks with their journals, in the control store. Who runs one has a lease: a secret that each of his lines has to
 * carry, and that is given to nobody else before its time is over. Any thread; throws as {@link ControlStore} does.
 */
final class RunbookRuns {

  /** How long a runner is believed to be alive. */
  static final Duration LEASE = Duration.ofSeconds(15);

  private static final int KEPT = 1_000;
  private static final Pattern NAME = Pattern.compile("(.+)-(\\d{1,18})");

  /**
   * What a runner is told.
   *
   * @param before the run's state before it was taken
   */
  record Taken(RunbookRun run, String lease, RunState before) {}

  private final ControlStore store;

  RunbookRuns(ControlStore store) {
    this.store = store;
  }

  Taken begin(String runbook, String text, String sha256, Map<String, String> parameters, int steps, String who, String holder) {
    String lease = UUID.randomUUID().toString();
    Instant now = Instant.now();
    RunbookRun run =
        store.transaction(
            handle -> {
              long number =
                  handle
                      .createQuery(
                          store.sql(
                              """
                              INSERT INTO {runbook_run} (runbook, content, sha256, parameters, steps, who, begun_micros, state, holder,
                                lease, lease_until_micros)
                              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number\
                              """))
                      .bind(0, runbook)
                      .bind(1, text)
                      .bind(2, sha256)
                      .bind(3, Json.MAPPER.writeValueAsString(parameters))
                      .bind(4, steps)
                      .bind(5, who)
                      .bind(6, ControlStore.micros(now))
                      .bind(7, RunState.RUNNING.name())
                      .bind(8, holder)
                      .bind(9, lease)
                      .bind(10, ControlStore.micros(now.plus(LEASE)))
                      .mapTo(Long.class)
                      .one();
              forgetOld(handle);
              return find(handle, runbook + "-" + number);
            });
    return new Taken(run, lease, RunState.RUNNING);
  }

  private void forgetOld(Handle handle) {
    handle.execute(
        store.sql(
            "DELETE FROM {runbook_run} WHERE state <> 'RUNNING' AND number NOT IN (SELECT number FROM {runbook_run} ORDER BY number DESC"
                + " LIMIT ?)"),
        KEPT);
    handle.execute(store.sql("DELETE FROM {runbook_step} WHERE run NOT IN (SELECT number FROM {runbook_run})"));
  }

  /** The newest first, without their texts' lines. */
  List<RunbookRun> newest(long below, int most) {
    return store.transaction(
        handle ->
            handle
                .createQuery(store.sql("SELECT * FROM {runbook_run} WHERE number < ? ORDER BY number DESC LIMIT ?"))
                .bind(0, below)
                .bind(1, most)
                .map((row, context) -> run(row, List.of()))
                .list()
                .stream()
                .map(run -> withSteps(handle, run))
                .toList());
  }

  RunbookRun get(String name) {
    return store.transaction(handle -> find(handle, name));
  }

  /** For whoever goes on with a run that nobody runs. */
  Taken take(String name, String holder) {
    String lease = UUID.randomUUID().toString();
    Instant now = Instant.now();
    return store.transaction(
        handle -> {
          RunbookRun run = find(handle, name);
          if (run.state() == RunState.DONE) {
            throw refused(ErrorCode.RUN_OVER, "the run " + name + " is done", "every step of it is done", "helios-repl runbook show " + name);
          }
          int taken =
              handle.execute(
                  store.sql(
                      """
                      UPDATE {runbook_run} SET state = 'RUNNING', holder = ?, lease = ?, lease_until_micros = ?, ended_micros = NULL
                       WHERE number = ? AND state <> 'DONE' AND (state <> 'RUNNING' OR lease_until_micros <= ?)\
                      """),
                  holder,
                  lease,
                  ControlStore.micros(now.plus(LEASE)),
                  run.number(),
                  ControlStore.micros(now));
          if (taken == 0) {
            throw refused(
                ErrorCode.RUN_HELD,
                "the run " + name + " is run by " + run.holder(),
                "a runner that died is found out in " + Math.max(1, Duration.between(now, run.leaseUntil()).toSeconds()) + " s",
                "helios-repl runbook show " + name + " --watch");
          }
          return new Taken(find(handle, name), lease, run.stateAt(now));
        });
  }

  void renew(String name, String lease) {
    store.transaction(
        handle -> {
          RunbookRun run = held(handle, name, lease);
          return handle.execute(
              store.sql("UPDATE {runbook_run} SET lease_until_micros = ? WHERE number = ? AND lease = ?"),
              ControlStore.micros(Instant.now().plus(LEASE)),
              run.number(),
              lease);
        });
  }

  /** Adds a line, or overwrites the one with its number: asked twice, nothing comes twice. */
  void write(String name, String lease, Entry entry, String who) {
    Instant now = Instant.now();
    boolean open = entry.state() == StepState.RUNNING || entry.state() == StepState.WAITING;
    store.transaction(
        handle -> {
          RunbookRun run = held(handle, name, lease);
          int known =
              handle.execute(
                  store.sql(
                      "UPDATE {runbook_step} SET state = ?, exit_code = ?, output = ?, note = ?, who = ?, ended_micros = ? WHERE run = ? AND"
                          + " seq = ?"),
                  entry.state().name(),
                  entry.exitCode(),
                  entry.output(),
                  entry.note(),
                  who,
                  open ? null : ControlStore.micros(now),
                  run.number(),
                  entry.seq());
          if (known == 0) {
            handle.execute(
                store.sql(
                    """
                    INSERT INTO {runbook_step} (run, seq, position, step, kind, recovery, attempt, state, exit_code, output, note, who,
                      begun_micros, ended_micros)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
                    """),
                run.number(),
                entry.seq(),
                entry.position(),
                entry.step(),
                entry.kind(),
                entry.recovery() ? 1 : 0,
                entry.attempt(),
                entry.state().name(),
                entry.exitCode(),
                entry.output(),
                entry.note(),
                who,
                ControlStore.micros(now),
                open ? null : ControlStore.micros(now));
          }
          return handle.execute(
              store.sql("UPDATE {runbook_run} SET lease_until_micros = ? WHERE number = ? AND lease = ?"),
              ControlStore.micros(now.plus(LEASE)),
              run.number(),
              lease);
        });
  }

  /** The runner says how it stopped, and lets go. Asked twice it is the same. */
  void end(String name, String lease, RunState state) {
    store.transaction(
        handle -> {
          RunbookRun run = find(handle, name);
          if (run.state() == state && hasLease(handle, run, lease)) {
            return 0;
          }
          held(handle, name, lease);
          return handle.execute(
              store.sql("UPDATE {runbook_run} SET state = ?, ended_micros = ?, lease_until_micros = 0 WHERE number = ? AND lease = ?"),
              state.name(),
              ControlStore.micros(Instant.now()),
              run.number(),
              lease);
        });
  }

  /** Who was not heard of for long still holds it while nobody else has taken it. */
  private RunbookRun held(Handle handle, String name, String lease) {
    RunbookRun run = find(handle, name);
    if (run.state() != RunState.RUNNING || !hasLease(handle, run, lease)) {
      throw refused(
          ErrorCode.RUN_LEASE_LOST,
          "the run " + name + " was taken over or has ended",
          "it is " + run.stateAt(Instant.now()) + ", last run by " + run.holder(),
          "helios-repl runbook show " + name);
    }
    return run;
  }

  private boolean hasLease(Handle handle, RunbookRun run, String lease) {
    return handle
            .createQuery(store.sql("SELECT count(*) FROM {runbook_run} WHERE number = ? AND lease = ?"))
            .bind(0, run.number())
            .bind(1, lease)
            .mapTo(Integer.class)
            .one()
        == 1;
  }

  private RunbookRun find(Handle handle, String name) {
    Matcher parts = NAME.matcher(name);
    return (parts.matches()
            ? handle
                .createQuery(store.sql("SELECT * FROM {runbook_run} WHERE number = ? AND runbook = ?"))
                .bind(0, Long.parseLong(parts.group(2)))
                .bind(1, parts.group(1))
                .map((row, context) -> run(row, List.of()))
                .findOne()
            : Optional.<RunbookRun>empty())
        .map(run -> withSteps(handle, run))
        .orElseThrow(
            () ->
                refused(
                    ErrorCode.NO_SUCH_RUN, "there is no run \"" + name + "\"", "the server knows none of this name", "helios-repl runbook show"));
  }

  private RunbookRun withSteps(Handle handle, RunbookRun run) {
    List<RunbookRun.Line> lines =
        handle
            .createQuery(store.sql("SELECT * FROM {runbook_step} WHERE run = ? ORDER BY seq"))
            .bind(0, run.number())
            .map((row, context) -> line(row))
            .list();
    return new RunbookRun(
        run.number(), run.runbook(), run.text(), run.sha256(), run.parameters(), run.planned(), run.who(), run.begun(), run.ended(),
        run.state(), run.holder(), run.leaseUntil(), lines);
  }

  private static RunbookRun run(ResultSet row, List<RunbookRun.Line> lines) throws SQLException {
    Map<String, String> parameters = new LinkedHashMap<>();
    JsonNode kept = Json.MAPPER.readTree(row.getString("parameters"));
    kept.properties().forEach(p -> parameters.put(p.getKey(), p.getValue().asString("")));
    return new RunbookRun(
        row.getLong("number"),
        row.getString("runbook"),
        row.getString("content"),
        row.getString("sha256"),
        parameters,
        row.getInt("steps"),
        row.getString("who"),
        ControlStore.instant(row.getLong("begun_micros")),
        time(row, "ended_micros"),
        RunState.valueOf(row.getString("state")),
        row.getString("holder"),
        ControlStore.instant(row.getLong("lease_until_micros")),
        lines);
  }

  private static RunbookRun.Line line(ResultSet row) throws SQLException {
    int exit = row.getInt("exit_code");
    Integer exitCode = row.wasNull() ? null : Integer.valueOf(exit);
    return new RunbookRun.Line(
        new Entry(
            row.getInt("seq"),
            row.getInt("position"),
            row.getString("step"),
            row.getString("kind"),
            row.getInt("recovery") != 0,
            row.getInt("attempt"),
            StepState.valueOf(row.getString("state")),
            exitCode,
            row.getString("output"),
            row.getString("note")),
        row.getString("who"),
        ControlStore.instant(row.getLong("begun_micros")),
        time(row, "ended_micros"));
  }

  private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
    long micros = row.getLong(column);
    return row.wasNull() ? null : ControlStore.instant(micros);
  }

  private static OperatorException refused(ErrorCode code, String message, String why, String hint) {
    return new OperatorException(new Problem(code, message, why, hint));
  }
}
