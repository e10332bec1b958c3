package io.helios.repl.pipeline;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.postgres.ConnectionSettings;
import java.util.Locale;
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

  /**
   * The publication and slot with which it is captured when tenants move there. Slots are a server's, and it may hold several
   * targets of one name for different programs: with the database's name.
   */
  public String mirror() {
    String object = ("helios_" + name + "_" + connection.database()).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    return object.length() <= 63 ? object : object.substring(0, 63);
  }
}
