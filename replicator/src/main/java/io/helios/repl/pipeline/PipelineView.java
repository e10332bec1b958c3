package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.capture.CaptureStatus;
import io.helios.repl.capture.CaptureTimes;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.relay.Backlog;
import io.helios.repl.status.PipelineDetail;
import io.helios.repl.status.PipelineDetail.Stage;
import io.helios.repl.status.PipelineDetail.TableFlow;
import io.helios.repl.status.StageTimes;
import io.helios.repl.status.TenantState;
import io.helios.repl.status.TenantStatus;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Puts together what an operator is told of one tenant's way. Any thread. */
record PipelineView(SourceEngine source, TargetEngine target, Ticker ticker) {

  PipelineDetail of(
      UUID tenant, TenantStatus status, @Nullable AppliedStatus applied, @Nullable TenantGauges gauges) {
    CaptureStatus capture = source.captureStatus();
    return new PipelineDetail(
        status.tenant(),
        stages(tenant, status, applied),
        gauges == null ? List.of() : gauges.lag(ticker.now()),
        applied == null ? List.of() : tables(status, applied, gauges),
        capture == null || capture.releasedUpTo().equals(Lsn.INVALID) ? null : capture.releasedUpTo(),
        source.seen(SourceLink.Retained::restart),
        source.seen(SourceLink.Retained::bytes),
        status.error(),
        status.errorAt());
  }

  private List<Stage> stages(UUID tenant, TenantStatus status, @Nullable AppliedStatus applied) {
    Backlog backlog = source.journal().backlog(tenant);
    CaptureTimes times = source.captureTimes();
    boolean waits = applied != null && new Lsn(backlog.lastPosition()).isAfter(applied.position());
    return List.of(
        stage("read", source.reading(), null, times == null ? "not connected" : source.isBehind() ? "behind" : "reading"),
        stage("seal", times == null ? null : times.seal(), null, times == null ? "not connected" : "sealing"),
        stage("journal", times == null ? null : times.journal(), waits ? backlog.frames() : 0L, waits ? "frames wait" : "empty"),
        stage("ship", target.site().shipping(), (long) target.site().waiting(), target.site().way()),
        stage("apply", target.site().applying(), null, applying(status.state(), applied, waits)));
  }

  private Stage stage(String name, @Nullable StageTimes times, @Nullable Long queue, String state) {
    StageTimes.Summary seen = times == null ? null : times.summary(ticker.nanos());
    return new Stage(
        name, seen == null ? null : seen.p50Millis(), seen == null ? null : seen.p99Millis(), queue, state);
  }

  private String applying(TenantState state, @Nullable AppliedStatus applied, boolean waits) {
    if (state != TenantState.STREAMING || applied == null) {
      return "not applying";
    }
    if (target.problem() != null) {
      return "target refuses";
    }
    if (applied.error() != null) {
      return "trying again";
    }
    return waits ? "applying" : "up to date";
  }

  private List<TableFlow> tables(TenantStatus status, AppliedStatus applied, @Nullable TenantGauges gauges) {
    long nanos = ticker.nanos();
    return applied.tables().entrySet().stream()
        .map(
            table ->
                new TableFlow(
                    table.getKey(),
                    table.getValue().total(),
                    gauges == null ? 0 : gauges.rowsPerSecond(table.getKey(), table.getValue(), nanos),
                    status.lagSeconds()))
        .sorted(Comparator.comparingDouble(TableFlow::rowsPerSecond).reversed().thenComparing(TableFlow::table))
        .toList();
  }
}
