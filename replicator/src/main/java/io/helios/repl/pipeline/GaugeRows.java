package io.helios.repl.pipeline;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/**
 * One metric with a value for each set of labels, merged where several tenants share one. It is filled again and again: {@link
 * #add} what there is, then {@link #publish}. A series stays registered as long as it is there, so nobody who reads meanwhile
 * finds it missing. The supervisor's thread owns it.
 */
final class GaugeRows {

  private final MeterRegistry registry;
  private final String name;
  private final String description;
  private final DoubleBinaryOperator merge;
  private final Map<Tags, Double> gathered = new HashMap<>();
  private final Map<Tags, Series> series = new HashMap<>();

  private static final class Series {
    volatile double value;
    final Gauge gauge;

    Series(MeterRegistry registry, String name, String description, Tags tags) {
      this.gauge =
          Gauge.builder(name, this, self -> self.value).description(description).tags(tags).strongReference(true).register(registry);
    }
  }

  /** @param merge what becomes of two values with the same labels: the larger, the smaller, their sum */
  GaugeRows(MeterRegistry registry, String name, String description, DoubleBinaryOperator merge) {
    this.registry = registry;
    this.name = name;
    this.description = description;
    this.merge = merge;
  }

  void add(Tags tags, double value) {
    gathered.merge(tags, value, merge::applyAsDouble);
  }

  /** What was added takes the place of what there was. */
  void publish() {
    gathered.forEach(
        (tags, value) ->
            series.computeIfAbsent(tags, fresh -> new Series(registry, name, description, fresh)).value = value);
    for (Iterator<Map.Entry<Tags, Series>> all = series.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Tags, Series> one = all.next();
      if (!gathered.containsKey(one.getKey())) {
        registry.remove(one.getValue().gauge);
        all.remove();
      }
    }
    gathered.clear();
  }
}
