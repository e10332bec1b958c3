package io.helios.repl.apply;

import io.helios.repl.postgres.Identifiers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The functions behind the guard's triggers. They run with the rights of whoever prepared the database (so that clients
 * need none in schema {@code helios}) and see no schema but {@code pg_catalog}, so that no name in them can be taken over.
 *
 * <p>What they do depends on the roles ({@link TenantHome}) of the tenants whose rows are written; the same rows may be
 * several tenants', who go to several targets. They are refused unless each of these is written here. Who writes shares
 * their locks until the end of his transaction, and looks once he has them: a cutover has its tenant's lock alone, so who
 * waited for it sees what was decided. A transaction whose snapshot does not change (repeatable read) could not see it, so
 * there the tenants' records are locked too, which fails (40001) when one was changed since the snapshot. Where the tenant
 * is written under a lease, that is looked at as well ({@link HomeLease}).
 */
final class GuardFunctions {

  /** SQL that gives the number of a tenant's advisory lock; {@code %s}: an expression of type uuid. */
  static final String LOCK =
      "pg_catalog.hashtextextended((%s)::pg_catalog.text, 7522537965575549008)";

  /** What the functions remember of those whose rows were written. */
  private static final String VARIABLES =
      """
        holders pg_catalog.uuid[];
        here pg_catalog.bool;
        locked pg_catalog.int8;
        one pg_catalog.uuid;
        holder record;
      """;

  /** Holders of a guard's rows; {@code %s}: a further condition. */
  private static final String HOLDERS =
      """
      SELECT r.tenant, r.role FROM helios.guarded g JOIN helios.replica r ON r.tenant OPERATOR(pg_catalog.=) g.tenant
      WHERE g.guard OPERATOR(pg_catalog.=) TG_ARGV[0]::pg_catalog.int4 %s""";

  /** For tables that are guarded as a whole, and for TRUNCATE. */
  static final String WHOLE_TABLE =
      """
      CREATE OR REPLACE FUNCTION helios.guard_table() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $guard$
      DECLARE
      %s
      BEGIN
      %s
        RETURN NULL;
      END
      $guard$""".formatted(VARIABLES, judge(HOLDERS.formatted("")));

  private GuardFunctions() {}

  /**
   * Lets pass who may write; takes the holders' locks for him, in one order for everybody. Of replicas no lock is taken: there may
   * be thousands, and who was one at the first look is refused whatever he is at the second. Holders are looked up one by
   * one, since a plan for any number of them is made anew each time.
   *
   * @param holders SQL: the tenants and their roles
   */
  private static String judge(String holders) {
    return
        """
          SELECT pg_catalog.array_agg(t.tenant), pg_catalog.bool_and(t.here), pg_catalog.count(t.locked)
          INTO holders, here, locked
          FROM (
            SELECT l.tenant, l.here, CASE WHEN l.here THEN pg_catalog.pg_advisory_xact_lock_shared(l.id) IS NULL END AS locked
            FROM (
              SELECT h.tenant, h.role OPERATOR(pg_catalog.=) ANY (ARRAY['primary', 'closed']) AS here, %2$s AS id
              FROM (%1$s) h ORDER BY 2, 3) l) t;
          IF holders IS NOT NULL THEN
            FOREACH one IN ARRAY holders LOOP
              IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.=) 'read committed' THEN
                SELECT r.name, r.source_region, r.role, r.lease, pg_catalog.pg_sequence_last_value(r.lease) AS term INTO holder
                FROM helios.replica r WHERE r.tenant OPERATOR(pg_catalog.=) one;
              ELSE
                SELECT r.name, r.source_region, r.role, r.lease, pg_catalog.pg_sequence_last_value(r.lease) AS term INTO holder
                FROM helios.replica r WHERE r.tenant OPERATOR(pg_catalog.=) one FOR SHARE;
              END IF;
              IF NOT here OR holder.role OPERATOR(pg_catalog.<>) 'primary' THEN
                RAISE EXCEPTION USING ERRCODE = '25006',
                  MESSAGE = pg_catalog.format(CASE holder.role
                    WHEN 'closed' THEN 'tenant "%%s" is being moved to region %%s, and closed here'
                    WHEN 'moved' THEN 'tenant "%%s" has moved to region %%s'
                    ELSE 'tenant "%%s" is read-only here: its primary is in region %%s' END, holder.name, holder.source_region),
                  HINT = CASE holder.role WHEN 'replica' THEN 'Write at the primary. This copy is written by helios-repl alone.'
                    ELSE 'Connect again, to where the tenant is now.' END;
              END IF;
              %3$s
            END LOOP;
          END IF;
        """.formatted(holders, LOCK.formatted("h.tenant"), HomeLease.JUDGE);
  }

  /** Functions for a tenant column: it costs least when it is known as the function is compiled. */
  enum Rows {
    /** Called for each row. */
    EACH("guard_rows_", "OLD.%s", "NEW.%s"),
    /** Called once for all rows of a statement, which its transition tables hold. */
    ALL("guard_set_", "o.%s", "n.%s");

    private final String prefix;
    private final String before;
    private final String after;

    Rows(String prefix, String before, String after) {
      this.prefix = prefix;
      this.before = before;
      this.after = after;
    }

    String sqlName(String tenantColumn) {
      try {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(tenantColumn.getBytes(StandardCharsets.UTF_8));
        return "helios." + Identifiers.quote(prefix + HexFormat.of().formatHex(digest, 0, 8)) + "()";
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    /** SQL that makes it, or brings it up to date. The body is a string literal, so that no column name can end it. */
    List<String> create(String tenantColumn) {
      String column = Identifiers.quote(tenantColumn);
      String old = "(" + before.formatted(column) + ")::pg_catalog.text";
      String now = "(" + after.formatted(column) + ")::pg_catalog.text";
      String body = this == EACH ? eachRow(old, now) : allRows(old, now);
      return List.of(
          "CREATE OR REPLACE FUNCTION " + sqlName(tenantColumn)
              + " RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS '"
              + body.replace("'", "''") + "'",
          "REVOKE ALL ON FUNCTION " + sqlName(tenantColumn) + " FROM PUBLIC");
    }

    private static String eachRow(String old, String now) {
      return
          """
          DECLARE
          %4$s
            keys pg_catalog.text[];
            written pg_catalog.text;
          BEGIN
            IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
              keys := ARRAY[%2$s];
            ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' OR %1$s OPERATOR(pg_catalog.=) %2$s THEN
              keys := ARRAY[%1$s];
            ELSE
              keys := ARRAY[%1$s, %2$s];
            END IF;
            FOREACH written IN ARRAY keys LOOP
          %3$s
            END LOOP;
            RETURN NULL;
          END
          """.formatted(old, now, judge(HOLDERS.formatted("AND g.tenant_key OPERATOR(pg_catalog.=) written")), VARIABLES);
    }

    private static String allRows(String old, String now) {
      return
          """
          DECLARE
          %4$s
          BEGIN
            IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
          %1$s
            ELSIF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
          %2$s
            ELSE
          %3$s
            END IF;
            RETURN NULL;
          END
          """.formatted(
              judge(ofKeys("SELECT DISTINCT " + now + " AS key FROM helios_new n")),
              judge(ofKeys("SELECT DISTINCT " + old + " AS key FROM helios_old o")),
              judge(ofKeys("SELECT " + old + " AS key FROM helios_old o UNION SELECT " + now + " FROM helios_new n")),
              VARIABLES);
    }

    /** Key by key, whatever the number of rows was for which it was planned first: a guard may have thousands of tenants. */
    private static String ofKeys(String keys) {
      return
          "SELECT w.tenant, w.role FROM (" + keys + ") k CROSS JOIN LATERAL ("
              + HOLDERS.formatted("AND g.tenant_key OPERATOR(pg_catalog.=) k.key OFFSET 0") + ") w";
    }
  }

  /** SQL that brings the functions of an older schema up to date. */
  static List<String> rowFunctions(Statement statement) throws SQLException {
    List<String> sql = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(
        "SELECT DISTINCT g.tenant_column FROM helios.guard g WHERE g.tenant_column IS NOT NULL ORDER BY 1")) {
      while (row.next()) {
        for (Rows rows : Rows.values()) {
          sql.addAll(rows.create(row.getString(1)));
        }
      }
    }
    return sql;
  }
}
