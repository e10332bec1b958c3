package io.helios.repl.migration.traffic;

import io.helios.repl.postgres.ConnectionSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One entry of {@code traffic:} in the configuration: what is to be switched, and how. */
public sealed interface TrafficSettings {

  /** For all but hooks and commands, which run what others have written. */
  Duration TIMEOUT = Duration.ofSeconds(5);

  Duration HOOK_TIMEOUT = Duration.ofSeconds(10);

  /** The most that one call may take; a pause is bounded by its own budget, too. */
  Duration timeout();

  /** How it knows the homes, by their names in the configuration. */
  Map<String, SeenHome> homes();

  /**
   * One PgBouncer.
   *
   * @param console its admin console: database {@code pgbouncer}, a role of {@code admin_users}
   * @param file that holds the tenants' lines of {@code [databases]}
   * @param alias what a tenant's line is called, with {@code {tenant}} or {@code {key}}
   */
  record Pgbouncer(ConnectionSettings console, Path file, String alias, Duration timeout, Map<String, SeenHome> homes)
      implements TrafficSettings {
    public static final String ALIAS = "{tenant}";

    public Pgbouncer {
      homes = Map.copyOf(homes);
    }
  }

  /**
   * A program.
   *
   * @param words its absolute path and its arguments; the phase follows them
   */
  record Command(List<String> words, Duration timeout, Map<String, SeenHome> homes) implements TrafficSettings {
    public Command {
      words = List.copyOf(words);
      homes = Map.copyOf(homes);
    }
  }

  /**
   * A URL that takes a document for each phase.
   *
   * @param token sent as bearer token; null for none. In no {@link #toString}
   */
  record Hook(URI url, @Nullable String token, Duration timeout, Map<String, SeenHome> homes) implements TrafficSettings {
    public Hook {
      homes = Map.copyOf(homes);
    }

    @Override
    public String toString() {
      return "Hook[" + url + "]";
    }
  }

  /**
   * A table in which applications look up where their tenants are.
   *
   * @param schema of the table
   * @param tenantColumn holds the tenants' keys
   * @param columns what is written where; {@link DirectoryColumn#EPOCH} is among them
   * @param channel for NOTIFY in the same transaction; null for none
   */
  record Directory(
      ConnectionSettings database,
      String schema,
      String table,
      String tenantColumn,
      Map<DirectoryColumn, String> columns,
      @Nullable String channel,
      Duration timeout,
      Map<String, SeenHome> homes)
      implements TrafficSettings {
    public Directory {
      columns = Map.copyOf(columns);
      homes = Map.copyOf(homes);
      if (!columns.containsKey(DirectoryColumn.EPOCH)) {
        throw new IllegalArgumentException("a directory without a column for the epoch");
      }
    }
  }

  /** What a directory's columns may hold. */
  enum DirectoryColumn {
    HOME,
    REGION,
    HOST,
    PORT,
    DATABASE,
    EPOCH
  }
}
