package io.helios.repl.apply;

import io.helios.repl.postgres.Identifiers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The functions behind the guard's triggers. They run with the rights of whoever prepared the target (so that clients
 * need none in schema {@code helios}) and see no schema but {@code pg_catalog}, so that no name in them can be taken over.
 */
final class GuardFunctions {

  private static final String REFUSE =
      """
          RAISE EXCEPTION USING ERRCODE = '25006',
            MESSAGE = pg_catalog.format('tenant "%s" is read-only here: its primary is in region %s', holder.name, holder.source_region),
            HINT = 'Write at the primary. This copy is written by helios-repl alone.';
      """;

  /** For tables that are guarded as a whole, and for TRUNCATE: refuses as long as the table holds any replica. */
  static final String WHOLE_TABLE =
      """
      CREATE OR REPLACE FUNCTION helios.guard_table() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $guard$
      DECLARE
        holder record;
      BEGIN
        SELECT r.name, r.source_region INTO holder
        FROM helios.guarded g JOIN helios.replica r ON r.tenant OPERATOR(pg_catalog.=) g.tenant
        WHERE g.guard OPERATOR(pg_catalog.=) TG_ARGV[0]::pg_catalog.int4
        ORDER BY r.name LIMIT 1;
        IF FOUND THEN
      %s
        END IF;
        RETURN NULL;
      END
      $guard$""".formatted(REFUSE);

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
            SELECT r.name, r.source_region INTO holder
            FROM helios.guarded g JOIN helios.replica r ON r.tenant OPERATOR(pg_catalog.=) g.tenant
            WHERE g.guard OPERATOR(pg_catalog.=) TG_ARGV[0]::pg_catalog.int4
              AND g.tenant_key OPERATOR(pg_catalog.=) (OLD.%1$s)::pg_catalog.text LIMIT 1;
            IF FOUND THEN
        %2$s
            END IF;
          END IF;
          IF TG_OP OPERATOR(pg_catalog.=) 'DELETE' THEN
            RETURN OLD;
          END IF;
          SELECT r.name, r.source_region INTO holder
          FROM helios.guarded g JOIN helios.replica r ON r.tenant OPERATOR(pg_catalog.=) g.tenant
          WHERE g.guard OPERATOR(pg_catalog.=) TG_ARGV[0]::pg_catalog.int4
            AND g.tenant_key OPERATOR(pg_catalog.=) (NEW.%1$s)::pg_catalog.text LIMIT 1;
          IF FOUND THEN
        %2$s
          END IF;
          RETURN NEW;
        END
        """.formatted(column, REFUSE);
    return "CREATE OR REPLACE FUNCTION " + rowFunctionName(tenantColumn)
        + "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS '"
        + body.replace("'", "''") + "'";
  }
}
