package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import org.jspecify.annotations.Nullable;

/**
 * A source as configured.
 *
 * @param capture how its changes are found
 * @param tables which tables may take part at all
 * @param referenceTables tables without a tenant in them, carried whole to each target; null for none
 * @param publication by default {@code helios_<name>}
 * @param slot by default {@code helios_<name>}
 * @param region named in the refusals of the read-only guard
 */
public record SourceSettings(
    String name,
    ConnectionSettings connection,
    CaptureMode capture,
    Tenancy tenancy,
    TableFilter tables,
    @Nullable TableFilter referenceTables,
    String publication,
    String slot,
    String region) {

  /** Captured from the WAL. */
  public SourceSettings(
      String name,
      ConnectionSettings connection,
      Tenancy tenancy,
      TableFilter tables,
      @Nullable TableFilter referenceTables,
      String publication,
      String slot,
      String region) {
    this(name, connection, new CaptureMode.Wal(), tenancy, tables, referenceTables, publication, slot, region);
  }
}
