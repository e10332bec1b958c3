package io.helios.repl.pipeline;

import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.ConnectionSettings;
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

/**
 * Looks at every source and target for what could hurt, all at the same time. Read-only. Any thread.
 *
 * @param slots names of all that this server captures with
 */
record Examination(
    Collection<SourceEngine> sources, Collection<TargetEngine> targets, Collection<Tenant> tenants, Set<String> slots,
    long walBudget, Executor passing) {

  /** @param facts null when it could not be asked */
  record Examined(@Nullable EndpointFacts facts, List<Finding> findings) {}

  /** A source and a target that some tenant joins. */
  private record Pair(String source, String target) {}

  List<Finding> run() {
    // Slots are a server's: each is asked for them once.
    Set<String> servers =
        sources.stream().map(source -> server(source.settings().connection())).collect(Collectors.toSet());
    Map<String, CompletableFuture<Examined>> ofSources = new LinkedHashMap<>();
    Map<String, CompletableFuture<Examined>> ofTargets = new LinkedHashMap<>();
    sources.forEach(source -> ofSources.put(source.settings().name(), ask(() -> source.examine(slots, walBudget))));
    for (TargetEngine target : targets) {
      boolean first = servers.add(server(target.settings().connection()));
      ofTargets.put(target.settings().name(), ask(() -> target.examine(first ? slots : null)));
    }
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

  private static String server(ConnectionSettings connection) {
    return connection.host() + ":" + connection.port();
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
