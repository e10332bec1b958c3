package io.helios.repl.failover;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** How much room there is: for promotions in all and in the batch that each is of, and for repairs, which load databases. One thread. */
final class Admission {

  private static final int MOST_REPAIRS = 4;

  private final Map<String, Integer> ofBatch = new HashMap<>();
  private int promoting;
  private int repairing;

  private Admission() {}

  /** @param running whether a step of it is being taken */
  static Admission of(List<Failover> all, Predicate<Failover> running) {
    Admission admission = new Admission();
    all.stream().filter(f -> running.test(f) || f.state().promoting()).forEach(admission::admit);
    return admission;
  }

  boolean hasRoom(Failover failover) {
    return switch (failover.state()) {
      case PLANNED -> {
        String batch = failover.options().batch();
        yield promoting < FailoverOptions.PARALLEL
            && (batch == null || ofBatch.getOrDefault(batch, 0) < failover.options().parallel());
      }
      case REPAIRING -> repairing < MOST_REPAIRS;
      case WAITING, DRAINING, PROMOTING, PROMOTED, FENCED, ACCOUNTED, FOLLOWING, FAILING_BACK, FAILED_BACK, FAILED -> true;
    };
  }

  void admit(Failover failover) {
    if (failover.state() == FailoverState.REPAIRING) {
      repairing++;
    } else if (!failover.state().promoted() && failover.state() != FailoverState.FAILED) {
      promoting++;
      String batch = failover.options().batch();
      if (batch != null) {
        ofBatch.merge(batch, 1, Integer::sum);
      }
    }
  }
}
