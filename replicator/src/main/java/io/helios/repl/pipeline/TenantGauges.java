package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.status.LagObjective;
import io.helios.repl.status.PipelineDetail.LagPoint;
import io.helios.repl.status.TenantStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is measured of one tenant as time goes by. The supervisor's thread samples, each second; anyone may ask. */
final class TenantGauges {

  private final RateMeter rate = new RateMeter();
  private final ObjectiveMeter objective = new ObjectiveMeter();
  private final LagHistory lag = new LagHistory();
  private final TableRates tables = new TableRates();

  void sample(TenantStatus status, @Nullable AppliedStatus applied, Instant now, long nanos) {
    rate.sample(applied == null ? 0 : applied.rows(), nanos);
    objective.sample(
        LagObjective.standing(status.state(), status.lagSeconds(), status.lagTargetSeconds()), nanos);
    lag.add(now, status.lagSeconds());
    tables.sample(applied == null ? Map.of() : applied.tables(), nanos);
  }

  double rowsPerSecond() {
    return rate.perSecond();
  }

  /** Null as long as nothing was measured. */
  @Nullable LagObjective objective() {
    return objective.objective();
  }

  ObjectiveMeter.Totals objectiveTotals() {
    return objective.totals();
  }

  List<LagPoint> lag(Instant now) {
    return lag.since(now);
  }

  double rowsPerSecond(String table, AppliedStatus.Rows rows, long nanos) {
    return tables.perSecond(table, rows, nanos);
  }
}
