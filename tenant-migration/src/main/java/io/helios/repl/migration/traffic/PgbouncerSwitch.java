package io.helios.repl.migration.traffic;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.migration.traffic.AdminConsole.RefusedException;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Switches a tenant's alias in one PgBouncer (1.18 and later; {@code src/admin.c}, {@code src/janitor.c}). PAUSE of an alias lets each
 * server connection go when its transaction ends, and answers when the last one has gone; queries that come meanwhile wait, and see
 * nothing of it. RELOAD reads where the alias leads now, and marks what leads elsewhere for closing. RESUME lets the queries
 * go on, over new connections. So no RECONNECT, KILL or WAIT_CLOSE is needed.
 *
 * <p>What PgBouncer says in words is never judged; SHOW DATABASES tells what is so. Whether an alias is paused lives in the pooler's
 * memory: one that starts anew has forgotten it, and it is the fence that keeps the tenant's writers waiting.
 */
public final class PgbouncerSwitch implements TrafficSwitch {

  private final TrafficSettings.Pgbouncer settings;
  private final AliasFile file;
  private final AdminConsole commands;
  /** PAUSE keeps its connection busy until it is done, and only another one can take it back. */
  private final AdminConsole pausing;
  /** The answer to any PAUSE comes when no paused alias has a connection left, so they are made one after the other. */
  private final ReentrantLock pauses = new ReentrantLock();

  /** @param file shared by the switches of all poolers that read it */
  PgbouncerSwitch(TrafficSettings.Pgbouncer settings, AliasFile file) {
    this.settings = settings;
    this.file = file;
    this.commands = new AdminConsole(settings.console());
    this.pausing = new AdminConsole(settings.console());
  }

  @Override
  public String name() {
    return "pgbouncer " + settings.console().host() + ":" + settings.console().port();
  }

  @Override
  public List<Finding> check(TrafficMove move) {
    List<Finding> findings = new ArrayList<>();
    try {
      String alias = alias(move);
      look(pausing, alias);
      Map<String, String> database = known(alias);
      AliasText line = file.read(alias);
      if (!"0".equals(database.get("disabled"))) {
        findings.add(error(
            ErrorCode.POOLER_REFUSED, "alias \"" + alias + "\" is disabled in " + name(), "new clients are turned away", sql("ENABLE", alias)));
      } else {
        // Changes nothing where it is enabled, and asks for the same right as PAUSE.
        commands.command("ENABLE " + Identifiers.quote(alias), settings.timeout());
      }
      mode(database).filter("session"::equals).ifPresent(mode -> findings.add(new Finding(
          Severity.WARN,
          ErrorCode.POOLER_POOL_MODE,
          "alias \"" + alias + "\" of " + name() + " has pool_mode session",
          "a pause waits until each client has disconnected, and gives up after its time",
          "set pool_mode=transaction on the alias' line, then RELOAD")));
      if (!line.place().equals(place(database))) {
        findings.add(error(
            ErrorCode.POOLER_RELOAD_FAILED,
            name() + " leads \"" + alias + "\" to " + place(database) + ", " + file.path() + " to " + line.place(),
            "the pooler does not read this file, or has not read it since it was changed",
            "%include " + file.path() + " in pgbouncer.ini; then RELOAD; the pooler's log tells what it does not take"));
      } else if (!line.leadsTo(move.from()) && !line.leadsTo(move.to())) {
        findings.add(new Finding(
            Severity.WARN,
            ErrorCode.TRAFFIC_ELSEWHERE,
            name() + " leads \"" + alias + "\" to " + line.place() + ", not to its home " + move.from().place(),
            "after the move it will lead to " + move.to().place() + ", and after a rollback to " + move.from().place(),
            "tell by homes: of this entry of traffic: how the pooler reaches " + move.from().name() + " and " + move.to().name()));
      }
      file.rehearse(alias, move.to());
    } catch (HeliosException e) {
      Problem p = e.problem();
      findings.add(error(p.code(), p.message(), p.why(), p.hint()));
    } catch (RefusedException e) {
      Problem p = refused("ENABLE", e).problem();
      findings.add(error(p.code(), p.message(), p.why(), p.hint()));
    }
    return findings;
  }

  @Override
  public void pause(TrafficMove move, Duration within) {
    String alias = alias(move);
    file.prepare(alias, move.to());
    long end = System.nanoTime() + within.toNanos();
    boolean mine = false;
    try {
      mine = pauses.tryLock(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (!mine) {
        throw late(alias, within, "another tenant's pause in the same pooler is not done", null);
      }
      pausing.command("PAUSE " + Identifiers.quote(alias), Duration.ofNanos(Math.max(end - System.nanoTime(), 1)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw late(alias, within, "this server is being stopped", e);
    } catch (RefusedException e) {
      known(alias);
      throw refused("PAUSE", e);
    } catch (TransientException e) {
      TransientException given =
          System.nanoTime() >= end && e.problem().code() != ErrorCode.POOLER_PAUSE_TIMED_OUT
              ? late(alias, within, "a client holds a connection of the alias: a transaction that has not ended", e)
              : e;
      undo(move, given);
      throw given;
    } finally {
      if (mine) {
        pauses.unlock();
      }
    }
  }

  /** Everybody goes on. Where even that fails, the failure goes along. */
  private void undo(TrafficMove move, HeliosException because) {
    try {
      resume(move);
      look(pausing, alias(move)); // The connection was given up; the next pause finds another one.
    } catch (HeliosException e) {
      because.addSuppressed(e);
    }
  }

  @Override
  public void change(TrafficMove move) {
    String alias = alias(move);
    file.lead(alias, move.to());
    try {
      commands.command("RELOAD", settings.timeout());
    } catch (RefusedException e) {
      throw refused("RELOAD", e);
    }
    Map<String, String> database = known(alias);
    if (!move.to().place().equals(place(database))) {
      throw new OperatorException(new Problem(
          ErrorCode.POOLER_RELOAD_FAILED,
          name() + " leads \"" + alias + "\" to " + place(database) + " also after RELOAD, not to " + move.to().place(),
          file.path() + " says so, and the pooler does not take it up",
          "look into the pooler's log; is there a %include of " + file.path() + ", and no other line for the alias? then: " + sql("RELOAD", null)));
    }
  }

  @Override
  public void resume(TrafficMove move) {
    String alias = alias(move);
    try {
      commands.command("RESUME " + Identifiers.quote(alias), settings.timeout());
    } catch (RefusedException e) {
      if (!"0".equals(known(alias).get("paused"))) {
        throw refused("RESUME", e);
      }
    }
    file.settle(alias);
  }

  @Override
  public void close() {
    commands.close();
    pausing.close();
  }

  private String alias(TrafficMove move) {
    String alias = settings.alias().replace("{tenant}", move.tenant()).replace("{key}", move.key());
    Names.check(alias, "alias");
    Names.check(move.to().host(), "host");
    Names.check(move.to().database(), "database");
    return alias;
  }

  private Map<String, String> known(String alias) {
    return look(commands, alias);
  }

  private Map<String, String> look(AdminConsole console, String alias) {
    try {
      return console.rows("SHOW DATABASES", settings.timeout()).stream()
          .filter(row -> alias.equals(row.get("name")))
          .findFirst()
          .orElseThrow(() -> new OperatorException(new Problem(
              ErrorCode.POOLER_ALIAS_MISSING,
              name() + " has no alias \"" + alias + "\"",
              "it reads " + file.path() + " only if pgbouncer.ini includes it",
              "add to " + file.path() + ": " + alias + " = host=… port=… dbname=…; then: " + sql("RELOAD", null))));
    } catch (RefusedException e) {
      throw refused("SHOW", e);
    }
  }

  /** The alias' own mode, else the pooler's. */
  private Optional<String> mode(Map<String, String> database) throws RefusedException {
    String own = database.get("pool_mode");
    return own != null
        ? Optional.of(own)
        : commands.rows("SHOW CONFIG", settings.timeout()).stream()
            .filter(row -> "pool_mode".equals(row.get("key")) && row.containsKey("value"))
            .map(row -> row.getOrDefault("value", ""))
            .findFirst();
  }

  private static String place(Map<String, String> database) {
    return database.getOrDefault("host", "(local socket)") + ":" + database.get("port") + "/" + database.get("database");
  }

  private TransientException late(String alias, Duration within, String why, @Nullable Exception cause) {
    return new TransientException(
        new Problem(
            ErrorCode.POOLER_PAUSE_TIMED_OUT,
            "alias \"" + alias + "\" of " + name() + " could not be paused within " + within.toMillis() + " ms",
            why,
            "nothing need be done, it is tried again; who it is: " + sql("SHOW SERVERS", null)),
        cause);
  }

  private OperatorException refused(String command, RefusedException e) {
    return new OperatorException(
        new Problem(
            ErrorCode.POOLER_REFUSED,
            name() + " refuses " + command,
            SqlStates.reason(e.answer()),
            "name \"" + settings.console().user() + "\" in admin_users of pgbouncer.ini; where the whole pooler is paused: " + sql("RESUME", null)),
        SqlStates.clean(e.answer()));
  }

  private String sql(String command, @Nullable String alias) {
    return "psql -h " + settings.console().host() + " -p " + settings.console().port() + " -U " + settings.console().user() + " "
        + settings.console().database() + " -c '" + command + (alias == null ? "" : " " + Identifiers.quote(alias)) + "'";
  }

  private static Finding error(ErrorCode code, String message, String why, String hint) {
    return new Finding(Severity.ERROR, code, message, why, hint);
  }
}
