package io.helios.repl.pipeline;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.postgres.ConnectionSettings;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A target as configured.
 *
 * @param ddl what becomes of changes of a source's schema that can be carried out here; null: they are carried out on
 *     tables that helios-repl created, and stop the tenant elsewhere
 * @param regions whose servers may replicate tenants of their own to it; none but this server's where empty
 */
public record TargetSettings(
    String name, ConnectionSettings connection, String region, @Nullable DdlPolicy ddl, List<String> regions) {

  public TargetSettings {
    regions = List.copyOf(regions);
  }

  public TargetSettings(String name, ConnectionSettings connection, String region, @Nullable DdlPolicy ddl) {
    this(name, connection, region, ddl, List.of());
  }

  public TargetSettings(String name, ConnectionSettings connection, String region) {
    this(name, connection, region, null);
  }
}
