package io.helios.repl.pipeline;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.helios.repl.tenant.Tenant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Looks at every source and target for what could hurt, all at the same time. Read-only. Any thread. */
record Examination(
    Collection<SourceEngine> sources, Collection<TargetEngine> targets, Collection<Tenant> tenants, long walBudget,
    Executor passing) {

  /** @param facts null when it could not be asked */
  record Examined(@Nullable EndpointFacts facts, List<Finding> findings) {}

  /** A source and a target that some tenant joins. */
  private record Pair(String source, String target) {}

  List<Finding> run() {
    // A source that is polled has no use for a slot: one that was left there is an orphan.
    Set<String> slots =
        sources.stream().map(SourceEngine::settings).filter(s -> s.capture() instanceof CaptureMode.Wal).map(SourceSettings::slot)
            .collect(Collectors.toSet());
    Map<String, CompletableFuture<Examined>> ofSources = new LinkedHashMap<>();
    Map<String, CompletableFuture<Examined>> ofTargets = new LinkedHashMap<>();
    sources.forEach(source -> ofSources.put(source.settings().name(), ask(() -> source.examine(slots, walBudget))));
    targets.forEach(target -> ofTargets.put(target.settings().name(), ask(target::examine)));
    List<Finding> findings = new ArrayList<>();
    ofSources.values().forEach(source -> findings.addAll(source.join().findings()));
    ofTargets.values().forEach(target -> findings.addAll(target.join().findings()));
    Set<Pair> pairs = new LinkedHashSet<>();
    tenants.forEach(tenant -> pairs.add(new Pair(tenant.source(), tenant.target())));
    for (Pair pair : pairs) {
      EndpointFacts source = facts(ofSources.get(pair.source()));
      EndpointFacts target = facts(ofTargets.get(pair.target()));
      if (source != null && target != null) {
        source.sharedFate(pair.source(), target, pair.target()).ifPresent(findings::add);
        source.versions(pair.source(), target, pair.target()).ifPresent(findings::add);
      }
    }
    return findings;
  }

  private static @Nullable EndpointFacts facts(@Nullable CompletableFuture<Examined> examined) {
    return examined == null ? null : examined.join().facts();
  }

  private CompletableFuture<Examined> ask(Supplier<Examined> question) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return question.get();
          } catch (HeliosException e) {
            var p = e.problem();
            return new Examined(
                null, List.of(new Finding(Severity.ERROR, p.code(), p.message(), p.why(), p.hint(), p.table())));
          }
        },
        passing);
  }
}
