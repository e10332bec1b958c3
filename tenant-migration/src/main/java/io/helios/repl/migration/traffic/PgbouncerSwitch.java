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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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

  private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

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
      shown(pausing, "SHOW VERSION");
      Map<String, String> database = known(alias);
      AliasText line = file.read(alias);
      Map<String, String> configuration = new HashMap<>();
      shown(commands, "SHOW CONFIG").forEach(row -> configuration.put(row.getOrDefault("key", ""), row.getOrDefault("value", "")));
      PoolerFindings judged = new PoolerFindings(settings.console(), file.path(), alias);
      findings.addAll(judged.ofSettings(database, configuration));
      findings.addAll(judged.ofAddresses(move, place(database), line));
      if ("0".equals(database.get("disabled"))) {
        // Changes nothing where it is enabled, and asks for the same right as PAUSE.
        commands.command("ENABLE " + Identifiers.quote(alias), settings.timeout());
      }
      file.rehearse(alias, move.to());
    } catch (HeliosException e) {
      findings.add(TrafficCheck.error(e.problem()));
    } catch (RefusedException e) {
      findings.add(TrafficCheck.error(refused("ENABLE", e).problem()));
    }
    return findings;
  }

  @Override
  public void pause(TrafficMove move, Duration within) {
    String alias = alias(move);
    file.prepare(alias, move.to());
    try {
      takeTurn(alias, within);
      try {
        awaitNoLogin(alias, within);
        halt(alias, within);
      } finally {
        pauses.unlock();
      }
    } catch (HeliosException e) {
      undo(move, e);
      throw e;
    }
  }

  private void takeTurn(String alias, Duration within) {
    try {
      if (!pauses.tryLock(within.toNanos(), TimeUnit.NANOSECONDS)) {
        throw late(alias, within, "another tenant's pause in the same pooler is not done", null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw late(alias, within, "this server is being stopped", e);
    }
  }

  private void halt(String alias, Duration within) {
    long end = System.nanoTime() + within.toNanos();
    try {
      pausing.command("PAUSE " + Identifiers.quote(alias), within);
    } catch (RefusedException e) {
      known(alias);
      throw refused("PAUSE", e);
    } catch (TransientException e) {
      throw System.nanoTime() < end
          ? e
          : late(alias, within, "a client holds a connection of the alias: a transaction that has not ended", e);
    }
  }

  /**
   * Waits until no connection is being opened for the alias. PAUSE breaks such a one off, and PgBouncer takes that for a failed login: it opens
   * none for {@code server_login_retry} then, and turns clients away meanwhile ({@code disconnect_server}, {@code check_fast_fail} in {@code
   * src/objects.c}). A pool opens them one after the other while it grows, then hardly ever. One that begins just before PAUSE is not seen here.
   */
  private void awaitNoLogin(String alias, Duration within) {
    long end = System.nanoTime() + settings.timeout().toNanos();
    while (shown(commands, "SHOW POOLS").stream().anyMatch(pool -> alias.equals(pool.get("database")) && !"0".equals(pool.get("sv_login")))) {
      if (System.nanoTime() >= end) {
        throw late(alias, within, "its pool is opening connections all the time", null);
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  /** Everybody goes on. Where even that fails, the failure goes along. */
  private void undo(TrafficMove move, HeliosException because) {
    try {
      resume(move);
      shown(pausing, "SHOW VERSION"); // The connection was given up; the next pause finds another one.
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
          "look into the pooler's log; is there a %include of " + file.path() + ", and no other line for the alias? then: " + sql("RELOAD")));
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

  /** What the pooler says of the alias. */
  private Map<String, String> known(String alias) {
    return shown(commands, "SHOW DATABASES").stream()
        .filter(row -> alias.equals(row.get("name")))
        .findFirst()
        .orElseThrow(() -> new OperatorException(new Problem(
            ErrorCode.POOLER_ALIAS_MISSING,
            name() + " has no alias \"" + alias + "\"",
            "it reads " + file.path() + " only if pgbouncer.ini includes it",
            "add to " + file.path() + ": " + alias + " = host=… port=… dbname=…; then: " + sql("RELOAD"))));
  }

  private List<Map<String, String>> shown(AdminConsole console, String show) {
    try {
      return console.rows(show, settings.timeout());
    } catch (RefusedException e) {
      throw refused("SHOW", e);
    }
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
            "nothing need be done, it is tried again; who it is: " + sql("SHOW SERVERS")),
        cause);
  }

  private OperatorException refused(String command, RefusedException e) {
    return new OperatorException(
        new Problem(
            ErrorCode.POOLER_REFUSED,
            name() + " refuses " + command,
            SqlStates.reason(e.answer()),
            "name \"" + settings.console().user() + "\" in admin_users of pgbouncer.ini; where the whole pooler is paused: " + sql("RESUME")),
        SqlStates.clean(e.answer()));
  }

  private String sql(String command) {
    return AdminConsole.psql(settings.console(), command);
  }
}
