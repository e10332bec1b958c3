package io.helios.repl.pipeline;

import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.change.TenantTable;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.status.Verification;
import io.helios.repl.verify.TenantVerifier;
import io.helios.repl.verify.VerifySettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/** Compares a streaming tenant on both sides. Blocks the thread that runs it. */
final class TenantVerification {

  private final SourceEngine source;
  private final TargetEngine target;
  private final TenantPipeline pipeline;
  private final TenantTables tables;

  TenantVerification(SourceEngine source, TargetEngine target, TenantPipeline pipeline, TenantTables tables) {
    this.source = source;
    this.target = target;
    this.pipeline = pipeline;
    this.tables = tables;
  }

  /** @throws OperatorException when the tenant is not streaming */
  Verification run(Duration patience) {
    String name = pipeline.tenant().name();
    ReplicaTenant replica = pipeline.replica();
    if (replica == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.TENANT_NOT_STREAMING,
              "tenant \"" + name + "\" is " + pipeline.standing().state(),
              "both sides can be compared at one point of the WAL only while the tenant streams",
              "helios-repl tenant status " + name));
    }
    return new TenantVerifier(
            source.settings().connection(),
            target.settings().connection(),
            name,
            tables(),
            new ReplicaHold(replica),
            VerifySettings.DEFAULT.withPatience(patience))
        .run();
  }

  private List<TenantTable> tables() {
    try (Connection connection = PgConnections.open(source.settings().connection(), "verify", pipeline.tenant().name())) {
      return tables.read(connection, pipeline.tenant());
    } catch (SQLException e) {
      throw SqlStates.classify(
          e,
          ErrorCode.VERIFY_SOURCE_FAILED,
          "the tables of source \"" + source.settings().name() + "\" cannot be read",
          "helios-repl source check " + source.settings().name());
    }
  }
}
