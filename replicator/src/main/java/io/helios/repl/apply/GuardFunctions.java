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
 * <p>What they do depends on the tenant's role ({@link TenantHome}). A replica is refused. At its home a tenant may be
 * written, by who shares the tenant's lock until the end of his transaction, and looks again once he has it: a cutover has
 * the lock alone, so who waited for it sees what was decided. A transaction whose snapshot does not change (repeatable
 * read) could not see it, so there the row is locked too, which fails (40001) when it was changed since the snapshot.
 */
final class GuardFunctions {

  /** SQL that gives the number of a tenant's advisory lock; {@code %s}: an expression of type uuid. */
  static final String LOCK =
      "pg_catalog.hashtextextended((%s)::pg_catalog.text, 7522537965575549008)";

  /** Says why, and where to write instead. */
  private static final String REFUSE =
      """
          RAISE EXCEPTION USING ERRCODE = '25006',
            MESSAGE = pg_catalog.format(CASE holder.role
              WHEN 'closed' THEN 'tenant "%s" is being moved to region %s, and closed here'
              WHEN 'moved' THEN 'tenant "%s" has moved to region %s'
              ELSE 'tenant "%s" is read-only here: its primary is in region %s' END, holder.name, holder.source_region),
            HINT = CASE holder.role WHEN 'replica' THEN 'Write at the primary. This copy is written by helios-repl alone.'
              ELSE 'Connect again, to where the tenant is now.' END;
      """;

  /** Lets pass who may write; takes the tenant's lock for him. */
  private static final String JUDGE =
      """
          IF holder.role OPERATOR(pg_catalog.=) ANY (ARRAY['primary', 'closed']) THEN
            PERFORM pg_catalog.pg_advisory_xact_lock_shared(%s);
            IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.=) 'read committed' THEN
              SELECT r.name, r.source_region, r.role, r.tenant INTO holder
              FROM helios.replica r WHERE r.tenant OPERATOR(pg_catalog.=) holder.tenant;
            ELSE
              SELECT r.name, r.source_region, r.role, r.tenant INTO holder
              FROM helios.replica r WHERE r.tenant OPERATOR(pg_catalog.=) holder.tenant FOR SHARE;
            END IF;
          END IF;
          IF holder.role OPERATOR(pg_catalog.<>) 'primary' THEN
      %s
          END IF;
      """.formatted(LOCK.formatted("holder.tenant"), REFUSE);

  /** For tables that are guarded as a whole, and for TRUNCATE: asks for each tenant whose rows the table may hold. */
  static final String WHOLE_TABLE =
      """
      CREATE OR REPLACE FUNCTION helios.guard_table() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $guard$
      DECLARE
        holder record;
      BEGIN
        FOR holder IN
          SELECT r.name, r.source_region, r.role, r.tenant
          FROM helios.guarded g JOIN helios.replica r ON r.tenant OPERATOR(pg_catalog.=) g.tenant
          WHERE g.guard OPERATOR(pg_catalog.=) TG_ARGV[0]::pg_catalog.int4
          ORDER BY r.role OPERATOR(pg_catalog.=) 'primary', r.name
        LOOP
      %s
        END LOOP;
        RETURN NULL;
      END
      $guard$""".formatted(JUDGE);

  private GuardFunctions() {}

  /** One function for each name of a tenant column: a column known when the function is compiled costs least. */
  static String rowFunctionName(String tenantColumn) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(tenantColumn.getBytes(StandardCharsets.UTF_8));
      return "helios." + Identifiers.quote("guard_rows_" + HexFormat.of().formatHex(digest, 0, 8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The body is a string literal, so that no column name can end it. */
  static String rowFunction(String tenantColumn) {
    String column = Identifiers.quote(tenantColumn);
    String body =
        """
        DECLARE
          holder record;
        BEGIN
          IF TG_OP OPERATOR(pg_catalog.<>) 'INSERT' THEN
            SELECT r.name, r.source_region, r.role, r.tenant INTO holder
            FROM helios.guarded g JOIN helios.replica r ON r.tenant OPERATOR(pg_catalog.=) g.tenant
            WHERE g.guard OPERATOR(pg_catalog.=) TG_ARGV[0]::pg_catalog.int4
              AND g.tenant_key OPERATOR(pg_catalog.=) (OLD.%1$s)::pg_catalog.text LIMIT 1;
            IF FOUND THEN
        %2$s
            END IF;
          END IF;
          IF TG_OP OPERATOR(pg_catalog.=) 'DELETE'
              OR TG_OP OPERATOR(pg_catalog.=) 'UPDATE'
                AND (NEW.%1$s)::pg_catalog.text OPERATOR(pg_catalog.=) (OLD.%1$s)::pg_catalog.text THEN
            RETURN NULL;
          END IF;
          SELECT r.name, r.source_region, r.role, r.tenant INTO holder
          FROM helios.guarded g JOIN helios.replica r ON r.tenant OPERATOR(pg_catalog.=) g.tenant
          WHERE g.guard OPERATOR(pg_catalog.=) TG_ARGV[0]::pg_catalog.int4
            AND g.tenant_key OPERATOR(pg_catalog.=) (NEW.%1$s)::pg_catalog.text LIMIT 1;
          IF FOUND THEN
        %2$s
          END IF;
          RETURN NULL;
        END
        """.formatted(column, JUDGE);
    return "CREATE OR REPLACE FUNCTION " + rowFunctionName(tenantColumn)
        + "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS '"
        + body.replace("'", "''") + "'";
  }

  /** SQL that brings the functions of an older schema up to date. */
  static List<String> rowFunctions(Statement statement) throws SQLException {
    List<String> sql = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(
        "SELECT DISTINCT g.tenant_column FROM helios.guard g WHERE g.tenant_column IS NOT NULL ORDER BY 1")) {
      while (row.next()) {
        sql.add(rowFunction(row.getString(1)));
      }
    }
    return sql;
  }
}
