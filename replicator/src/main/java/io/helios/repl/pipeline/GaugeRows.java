package io.helios.repl.pipeline;

import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;

/** The values of one metric as they are being gathered: one for each set of labels, merged where several tenants share one. */
final class GaugeRows {

  private final Map<Tags, Double> values = new HashMap<>();
  private final DoubleBinaryOperator merge;

  /** @param merge what becomes of two values with the same labels: the larger, the smaller, their sum */
  GaugeRows(DoubleBinaryOperator merge) {
    this.merge = merge;
  }

  void add(Tags tags, double value) {
    values.merge(tags, value, merge::applyAsDouble);
  }

  /** Takes the place of what the metric had. */
  void register(MultiGauge gauge) {
    List<MultiGauge.Row<?>> rows = new ArrayList<>(values.size());
    values.forEach((tags, value) -> rows.add(MultiGauge.Row.of(tags, value)));
    gauge.register(rows, true);
  }
}
