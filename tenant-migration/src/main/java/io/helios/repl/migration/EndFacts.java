package io.helios.repl.migration;

import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the two databases say of a tenant that is to be cut over. A seam: the engine looks. Any thread; throws as {@link
 * TenantEnds} does.
 *
 * <p>The longest write is the age of the oldest transaction that holds the tenant's lock at its home, in whatever mode: with
 * {@code classid} and {@code objid} as the guard takes it,
 *
 * <pre>{@code
 * SELECT l.pid, extract(epoch FROM clock_timestamp() - a.xact_start), a.application_name
 *   FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
 *  WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
 *    AND l.classid = $1 AND l.objid = $2 AND l.granted ORDER BY a.xact_start LIMIT 1
 * }</pre>
 *
 * <p>and prepared transactions, which hold it without a session, have {@code pid} null and are in {@code pg_prepared_xacts}.
 * Only who is in {@code pg_monitor} or owns the session sees another's {@code xact_start}.
 */
public interface EndFacts {

  Seen of(Tenant tenant);

  /**
   * What is taken of the target's disk. It costs the server a look at every file of every database.
   *
   * @param copied whether all of the tenant is there already
   */
  Taken room(Tenant tenant, boolean copied);

  /**
   * @param bytes by all databases there and the WAL
   * @param missingBytes about what a copy of the tenant will add
   * @param unseen what could not be looked at; null when all was
   */
  record Taken(long bytes, long missingBytes, @Nullable String unseen) {}

  /**
   * @param longestWrite how long the oldest transaction that writes the tenant has been open; null when none does
   * @param schemaDifferences one line each: what the target lacks or has otherwise
   * @param unprepared what keeps the target from becoming the home, in an operator's words; null when nothing does
   */
  record Seen(@Nullable Duration longestWrite, List<String> schemaDifferences, @Nullable String unprepared) {

    public static final Seen NOTHING_IN_THE_WAY = new Seen(null, List.of(), null);

    public Seen {
      schemaDifferences = List.copyOf(schemaDifferences);
    }
  }
}
