package io.helios.repl.tests.copy;

import io.helios.repl.apply.TargetSchema;
import io.helios.repl.change.TenantTable;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.pipeline.CopySettings;
import io.helios.repl.pipeline.TenantCopy;
import io.helios.repl.postgres.Catalog;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.SourceSnapshots;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Postgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;

/** A source and a target database of a test's own, and the copying of a tenant from one to the other. */
public final class TwoDatabases {

  /** For what a test does at the same time; the common pool may have but one thread. */
  public static final Executor ASIDE = task -> Thread.ofPlatform().daemon().name("aside").start(task);

  public final LocalPostgres sourceServer;
  public final LocalPostgres targetServer;
  public final String sourceDatabase;
  public final String targetDatabase;

  private TwoDatabases(int sourceMajor, int targetMajor) {
    sourceServer = Postgres.shared(sourceMajor, "source");
    targetServer = Postgres.shared(targetMajor, sourceMajor == targetMajor ? "source" : "target");
    sourceDatabase = Postgres.createDatabase(sourceServer);
    targetDatabase = Postgres.createDatabase(targetServer);
  }

  public static TwoDatabases of(int major) {
    return of(major, major);
  }

  public static TwoDatabases of(int sourceMajor, int targetMajor) {
    TwoDatabases two = new TwoDatabases(sourceMajor, targetMajor);
    try (Connection connection = two.connectTarget()) {
      TargetSchema.install(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return two;
  }

  public ConnectionSettings source() {
    return sourceServer.settings(sourceDatabase);
  }

  public ConnectionSettings target() {
    return targetServer.settings(targetDatabase);
  }

  /** What copies, verifications and repairs read the source under. */
  public SourceSnapshots snapshots() {
    return SourceSnapshots.ofWal(source());
  }

  public void atSource(String... statements) {
    Postgres.execute(sourceServer, sourceDatabase, statements);
  }

  public void atTarget(String... statements) {
    Postgres.execute(targetServer, targetDatabase, statements);
  }

  public void atBoth(String... statements) {
    atSource(statements);
    atTarget(statements);
  }

  public Connection connectSource() throws SQLException {
    return sourceServer.connect(sourceDatabase);
  }

  public Connection connectTarget() throws SQLException {
    return targetServer.connect(targetDatabase);
  }

  public List<TableDefinition> catalog() {
    try (Connection connection = connectSource()) {
      return Catalog.tables(connection, (schema, table) -> true);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All tables with a tenant_id, for the tenant with this key. */
  public List<TenantTable> byColumn(String key) {
    return TenantTable.of(catalog(), new Tenancy.ByColumn("tenant_id"), key, TableFilter.ALL, null);
  }

  /** All tables whole. */
  public List<TenantTable> byDatabase() {
    return TenantTable.of(catalog(), new Tenancy.ByDatabase(), "any", TableFilter.ALL, null);
  }

  public TenantCopy copy(UUID tenant, List<TenantTable> tables) {
    return copy(tenant, tables, CopySettings.DEFAULT);
  }

  public TenantCopy copy(UUID tenant, List<TenantTable> tables, CopySettings settings) {
    return new TenantCopy(snapshots(), target(), tenant, 1, "acme", tables, settings);
  }

  public List<String> sourceRows(String query) {
    try (Connection connection = connectSource()) {
      return rows(connection, query);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  public List<String> targetRows(String query) {
    try (Connection connection = connectTarget()) {
      return rows(connection, query);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The first column of each row, as text. */
  public static List<String> rows(Connection connection, String query) throws SQLException {
    try (ResultSet row = connection.createStatement().executeQuery(query)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(String.valueOf(row.getString(1)));
      }
      return rows;
    }
  }
}
