package io.helios.repl.pipeline;

import io.helios.repl.change.TenantTable;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.postgres.schema.DefinitionScope;
import io.helios.repl.postgres.schema.Definitions;
import io.helios.repl.postgres.schema.DumpPolicy;
import io.helios.repl.postgres.schema.SchemaPlan;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What tenants with a schema or a database of their own define besides rows, from one source to one target. Of tenants that
 * share tables it knows nothing. Called by drivers' threads; holds no state of its own.
 */
final class TenantDefinitions {

  /** Of what is left out, for people. */
  private static final int MOST_LINES = 40;

  private final SourceEngine source;
  private final TargetEngine target;
  private final TenantTables tables;
  private final DumpPolicy pgDump;
  private final TenantStarter.News news;

  TenantDefinitions(
      SourceEngine source, TargetEngine target, TenantTables tables, DumpPolicy pgDump, TenantStarter.News news) {
    this.source = source;
    this.target = target;
    this.tables = tables;
    this.pgDump = pgDump;
    this.news = news;
  }

  private @Nullable DefinitionScope scope(Tenant tenant) {
    if (tables.reference()) {
      return null;
    }
    return switch (source.settings().tenancy()) {
      case Tenancy.ByColumn _ -> null;
      case Tenancy.BySchema schemas -> DefinitionScope.of(schemas.schemaOf(tenant.key()));
      case Tenancy.ByDatabase _ -> DefinitionScope.DATABASE;
    };
  }

  /**
   * Everything that the tenant's schema or database defines; null where tenants share one.
   *
   * @throws io.helios.repl.error.HeliosException when a pg_dump is there and does not tell it
   */
  @Nullable Definitions read(Connection from, Tenant tenant) throws SQLException {
    DefinitionScope scope = scope(tenant);
    return scope == null ? null : Definitions.read(from, source.settings().connection(), scope, pgDump);
  }

  /**
   * Makes what was defined at the source since the tenant was started, and is no table, and fills materialized views: before a
   * cutover, so that its users find at the target what they have here.
   */
  void complete(Tenant tenant) {
    if (scope(tenant) == null) {
      return;
    }
    try (Connection from = PgConnections.openForDefinitions(source.settings().connection(), "definitions", tenant.name());
        Connection to = PgConnections.openForDefinitions(target.settings().connection(), "definitions", tenant.name())) {
      Definitions all = read(from, tenant);
      if (all != null) {
        tell(tenant, all, all.create(from, to, List.of()).and(all.fill(from, to)));
      }
    } catch (SQLException e) {
      throw target.refused(e);
    }
  }

  /** What the target has not of the tenant's definitions, or will not have when it is started. */
  List<String> leftOut(Tenant tenant) {
    DefinitionScope scope = scope(tenant);
    if (scope == null) {
      return List.of();
    }
    try (Connection from = PgConnections.open(source.settings().connection(), "plan", tenant.name());
        Connection to = PgConnections.open(target.settings().connection(), "plan", tenant.name())) {
      if (target.copied(tenant).isPresent()) {
        return bounded(Definitions.lacking(from, to, scope));
      }
      List<TableDefinition> wanted = tables.read(from, tenant).stream().map(TenantTable::definition).toList();
      Definitions all = Definitions.read(from, source.settings().connection(), scope, pgDump);
      return bounded(all.plan(from, to, wanted).leftOut());
    } catch (SQLException e) {
      throw target.refused(e);
    }
  }

  /** Puts into the history what was made, and what was not. */
  void tell(Tenant tenant, Definitions all, SchemaPlan done) {
    List<String> leftOut = bounded(done.leftOut());
    List<String> made =
        done.statements().stream().filter(sql -> sql.startsWith("-- ")).map(sql -> sql.substring("-- ".length())).toList();
    news.tell(
        leftOut.isEmpty() ? FleetEvent.Severity.INFO : FleetEvent.Severity.WARN,
        tenant,
        "tenant-definitions",
        "definitions at \"" + target.settings().name() + "\" " + (made.isEmpty() ? all.means() : String.join("; ", made))
            + (leftOut.isEmpty() ? "" : "; left out: " + String.join("; ", leftOut)));
  }

  /** As many lines as somebody reads. */
  static List<String> bounded(List<String> lines) {
    return lines.size() <= MOST_LINES
        ? lines
        : Stream.concat(lines.stream().limit(MOST_LINES), Stream.of("… and " + (lines.size() - MOST_LINES) + " more"))
            .toList();
  }
}
