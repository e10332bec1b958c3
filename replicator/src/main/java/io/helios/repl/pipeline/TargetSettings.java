package io.helios.repl.pipeline;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.postgres.ConnectionSettings;
import org.jspecify.annotations.Nullable;

/**
 * A target as configured.
 *
 * @param ddl what becomes of changes of a source's schema that can be carried out here; null: they are carried out on
 *     tables that helios-repl created, and stop the tenant elsewhere
 */
public record TargetSettings(String name, ConnectionSettings connection, String region, @Nullable DdlPolicy ddl) {

  public TargetSettings(String name, ConnectionSettings connection, String region) {
    this(name, connection, region, null);
  }
}
