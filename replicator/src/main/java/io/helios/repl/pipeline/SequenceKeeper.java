package io.helios.repl.pipeline;

import io.helios.repl.apply.SequenceLedger;
import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.SequenceSample;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what a source's sequences have come to over to the targets of its tenants. What has not changed is brought only
 * now and then. Any thread, one at a time for a source.
 */
final class SequenceKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(SequenceKeeper.class);

  private final Map<String, TargetEngine> targets;
  private final Map<UUID, TenantPipeline> tenants;
  private final Map<String, List<SequenceSample>> brought = new ConcurrentHashMap<>();

  SequenceKeeper(Map<String, TargetEngine> targets, Map<UUID, TenantPipeline> tenants) {
    this.targets = targets;
    this.tenants = tenants;
  }

  void keep(SourceEngine source, List<SequenceSample> samples) {
    if (samples.isEmpty()) {
      return;
    }
    String name = source.settings().name();
    tenants.values().stream()
        .filter(t -> t.tenant().source().equals(name) && !t.isNew())
        .map(t -> t.tenant().target())
        .distinct()
        .forEach(target -> keep(source, target, samples));
  }

  private void keep(SourceEngine source, String target, List<SequenceSample> samples) {
    String pair = source.settings().name() + "\0" + target;
    TargetEngine engine = targets.get(target);
    if (engine == null || isOld(samples, brought.getOrDefault(pair, List.of()))) {
      return;
    }
    try {
      engine.keep(source.settings().name(), source.requireIdentity().systemIdentifier(), samples);
      brought.put(pair, samples);
    } catch (HeliosException e) {
      LOG.debug("samples of sequences cannot be kept at target {}", target, e);
    }
  }

  private static boolean isOld(List<SequenceSample> now, List<SequenceSample> before) {
    return now.size() == before.size()
        && now.getFirst().at().isBefore(before.getFirst().at().plus(SequenceLedger.REFRESHED_AFTER))
        && IntStream.range(0, now.size())
            .allMatch(i -> now.get(i).isAt(before.get(i))
                && now.get(i).name().equals(before.get(i).name())
                && now.get(i).column().equals(before.get(i).column())
                && now.get(i).qualifiedTable().equals(before.get(i).qualifiedTable()));
  }
}
