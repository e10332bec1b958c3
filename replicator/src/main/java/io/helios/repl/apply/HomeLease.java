package io.helios.repl.apply;

import io.helios.repl.postgres.Identifiers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;

/**
 * The lease under which tenants are written in a database: one for all of them that a server owns there, in a sequence.
 *
 * <p>A sequence, not a row, since its value is no part of any snapshot: a transaction that reads at repeatable read sees the
 * renewal of this moment, where a row would show it the one of its beginning, and be stale after a second. And it leaves no
 * versions behind, however often it is renewed.
 *
 * <pre>
 *   value   since (milliseconds of the server's own clock, 41 bits) | window (milliseconds, 20 bits)
 *   fresh   since <= now < since + window
 * </pre>
 *
 * Both bounds are of that server's clock. {@code since} is what it read when it was asked before, never what it reads as the
 * renewal is executed: one that was held up on its way, and comes late, writes the same old end. A clock that is set ahead
 * closes early. One that is set back by less than what has passed since gains less than one window. One that is set back further
 * finds itself before {@code since}, closed, and would come to the same window once more: therefore whoever finds the lease closed
 * makes the register {@link #VOID}, which his own failure does not take back, since a sequence knows no rollback.
 *
 * <p>All methods are for the role that prepared the database, and belong to the connection's thread.
 */
public final class HomeLease {

  /** No window is longer: 20 bits. */
  public static final Duration LONGEST = Duration.ofMillis((1 << 20) - 1);

  /** What opens nothing at any time, until the next renewal. */
  private static final int VOID = 1;

  /** SQL: this server's clock in milliseconds, as float8. In parentheses, as all here: {@code OPERATOR()} knows no precedence. */
  private static final String NOW =
      "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000)";

  /** SQL that is true while a value, {@code %1$s}, is fresh; null without one. */
  private static final String FRESH =
      "(%1$s OPERATOR(pg_catalog.>>) 20) OPERATOR(pg_catalog.<=) " + NOW + " AND (" + NOW
          + " OPERATOR(pg_catalog.-) (%1$s OPERATOR(pg_catalog.>>) 20)) OPERATOR(pg_catalog.<) (%1$s OPERATOR(pg_catalog.&) 1048575)";

  /** What refuses a write, as PL/pgSQL: the tenant's name, its lease, the lease's value. */
  private static final String REFUSE =
      """
      IF %2$s OPERATOR(pg_catalog.>) %4$d THEN
        PERFORM pg_catalog.setval(%3$s, %4$d);
      END IF;
      RAISE EXCEPTION USING ERRCODE = '25006',
        MESSAGE = pg_catalog.format('tenant "%%s" is not written here for now: the lease of its home has run out (HR-8301)', %1$s),
        HINT = 'Connect again, and try again: it is written here again when helios-repl has renewed the lease, or elsewhere once it was promoted there.'""";

  /**
   * What the guard does for a tenant that was found in {@code holder}, with {@code lease} and {@code term}: looks whether the
   * lease is fresh now, and sees to it that it is looked again when the transaction commits. One event a transaction is enough
   * for that, whatever it writes, so a setting of the transaction's own notes that it is there; a savepoint that is rolled
   * back takes both away.
   */
  static final String JUDGE =
      """
      IF holder.lease IS NOT NULL THEN
        IF (%1$s) IS NOT TRUE THEN
          %2$s;
        END IF;
        IF pg_catalog.current_setting('helios.leased', true) IS DISTINCT FROM holder.lease::pg_catalog.oid::pg_catalog.text THEN
          INSERT INTO helios.lease_check (lease, tenant) VALUES (holder.lease, one);
          PERFORM pg_catalog.set_config('helios.leased', holder.lease::pg_catalog.oid::pg_catalog.text, true);
        END IF;
      END IF;
      """.formatted(FRESH.formatted("holder.term"), REFUSE.formatted("holder.name", "holder.term", "holder.lease", VOID));

  /**
   * What a database needs for it. The table's rows mean nothing: a deferred trigger wants a row, and a statement that looks when
   * the transaction ends wants such a trigger. Nobody reads them, so they are not logged; who renews the lease sweeps them out.
   */
  static final List<String> SCHEMA =
      List.of(
          "ALTER TABLE helios.replica ADD COLUMN IF NOT EXISTS lease pg_catalog.regclass",
          """
          CREATE UNLOGGED TABLE IF NOT EXISTS helios.lease_check (
            lease pg_catalog.regclass NOT NULL,
            tenant pg_catalog.uuid NOT NULL)""",
          """
          CREATE OR REPLACE FUNCTION helios.check_lease() RETURNS trigger
          LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $guard$
          DECLARE
            term pg_catalog.int8 := pg_catalog.pg_sequence_last_value(NEW.lease);
          BEGIN
            PERFORM pg_catalog.set_config('helios.leased', '', true);
            IF (%1$s) IS NOT TRUE THEN
              %2$s;
            END IF;
            RETURN NULL;
          END
          $guard$""".formatted(
              FRESH.formatted("term"),
              REFUSE.formatted(
                  "(SELECT r.name FROM helios.replica r WHERE r.tenant OPERATOR(pg_catalog.=) NEW.tenant)", "term", "NEW.lease",
                  VOID)),
          "DROP TRIGGER IF EXISTS lease_check ON helios.lease_check",
          "CREATE CONSTRAINT TRIGGER lease_check AFTER INSERT ON helios.lease_check DEFERRABLE INITIALLY DEFERRED"
              + " FOR EACH ROW EXECUTE FUNCTION helios.check_lease()");

  private final Connection connection;
  private final String register;

  /**
   * @param connection in autocommit mode
   * @param owner who renews it there: the slot by which that server captures the database, which is nobody else's
   */
  public HomeLease(Connection connection, String owner) {
    this.connection = connection;
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(owner.getBytes(StandardCharsets.UTF_8));
      this.register = "helios." + Identifiers.quote("lease_" + HexFormat.of().formatHex(digest, 0, 8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Makes the register, where the schema is installed; run out until it is renewed. */
  public void create() throws SQLException {
    execute("CREATE SEQUENCE IF NOT EXISTS " + register + " AS pg_catalog.int8 MINVALUE 1");
  }

  /** The database's clock, in milliseconds. */
  public long clockMillis() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_catalog.floor(" + NOW + ")::pg_catalog.int8")) {
      row.next();
      return row.getLong(1);
    }
  }

  /**
   * Tenants are written until the database's clock shows the end of the window. Waits for no disk and no standby: a renewal that
   * a crash takes away closes early.
   *
   * @param sinceMillis what that clock read before, in this session
   * @return what it reads now
   */
  public long renew(long sinceMillis, long windowMillis) throws SQLException {
    try (PreparedStatement renew = connection.prepareStatement(
        "SELECT pg_catalog.floor(" + NOW + ")::pg_catalog.int8, pg_catalog.setval(?::pg_catalog.regclass, ?)")) {
      renew.setString(1, register);
      renew.setLong(2, sinceMillis << 20 | windowMillis);
      try (ResultSet row = renew.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /** For the session that renews. */
  public void unhurried() throws SQLException {
    execute("SET synchronous_commit = off");
  }

  /** Takes away what the checks at commits have left. */
  public void sweep() throws SQLException {
    execute("DELETE FROM helios.lease_check");
  }

  /**
   * The tenant, whose guard is up, is written here only while the lease is fresh, as soon as transactions that began before are
   * over; false where the database does not know it.
   */
  public boolean bind(UUID tenant) throws SQLException {
    return set(tenant, "?::pg_catalog.regclass", register);
  }

  /** It asks for no lease any more; false as above. */
  public static boolean unbind(Connection connection, UUID tenant) throws SQLException {
    return new HomeLease(connection, "").set(tenant, "NULLIF(?, '')::pg_catalog.regclass", "");
  }

  /** Whether it asks for one, whose ever; also asked where an older program has prepared the database, without that column. */
  public static boolean isBound(Connection connection, UUID tenant) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT pg_catalog.to_jsonb(r) ->> 'lease' IS NOT NULL FROM helios.replica r WHERE r.tenant = ?::pg_catalog.uuid")) {
      query.setString(1, tenant.toString());
      try (ResultSet row = query.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private boolean set(UUID tenant, String value, String lease) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(
        "UPDATE helios.replica SET lease = " + value + " WHERE tenant = ?::pg_catalog.uuid")) {
      update.setString(1, lease);
      update.setString(2, tenant.toString());
      return update.executeUpdate() == 1;
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
