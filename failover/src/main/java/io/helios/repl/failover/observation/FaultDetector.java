package io.helios.repl.failover.observation;

import io.helios.repl.failover.observation.Sample.Kind;

/**
 * From the samples of one observer and a time to a verdict on one database. Each sample that is no answer adds to a suspicion: the time that it
 * covers, as a share of what it takes for that kind alone to be death ({@link Thresholds}). A quarter is suspect; the whole, and three
 * such samples in a row, is dead. One answer takes all of it away, but alive is only who has then answered for {@link Thresholds#steady}: one
 * that comes and goes stays suspect.
 *
 * <p>Time that no sample covers adds nothing: an observer that was paused has seen nothing, and learns anew what is so. An old verdict is
 * suspect for the same reason. Pure; immutable.
 *
 * @param suspicion from 0 to 1
 * @param failures samples in a row without an answer
 * @param lastEndedNanos of the last sample; meaningless before the first
 * @param answeringNanos since when it has been answering; meaningless while it does not
 * @param settled whether the verdict was alive when the last answer came, or this is the first
 */
public record FaultDetector(
    Thresholds thresholds, int samples, double suspicion, int failures, long lastEndedNanos, long answeringNanos, boolean settled) {

  private static final double SUSPECT = 0.25;
  private static final int FEWEST = 3;

  public static FaultDetector of(Thresholds thresholds) {
    return new FaultDetector(thresholds, 0, 0, 0, 0, 0, true);
  }

  /** Samples come in the order in which they ended. */
  public FaultDetector after(Sample sample) {
    return sample.kind() == Kind.ANSWERED ? answered(sample) : failed(sample);
  }

  private FaultDetector answered(Sample sample) {
    boolean goesOn = samples > 0 && failures == 0 && !isStale(sample.endedNanos());
    long since = goesOn ? answeringNanos : sample.endedNanos();
    boolean steady = sample.endedNanos() - since >= thresholds.steady().toNanos();
    boolean trusted = samples == 0 || (settled && suspicion < SUSPECT) || steady;
    return new FaultDetector(thresholds, samples + 1, 0, 0, sample.endedNanos(), since, trusted);
  }

  private FaultDetector failed(Sample sample) {
    double share = covered(sample) / (double) needed(sample.kind());
    double now = Math.min(1, (isStale(sample.endedNanos()) ? 0 : suspicion) + share);
    int row = isStale(sample.endedNanos()) ? 1 : failures + 1;
    boolean trusted = settled && samples > 0 && now < SUSPECT;
    return new FaultDetector(thresholds, samples + 1, now, row, sample.endedNanos(), answeringNanos, trusted);
  }

  /** Not more than a probe takes at the most, with the pause before it: the rest we were not looking. */
  private long covered(Sample sample) {
    long every = thresholds.probeEvery().toNanos();
    long took = sample.endedNanos() - sample.begunNanos();
    long most = sample.kind() == Kind.REFUSED ? 2 * every : every + Math.min(took, 2 * thresholds.probeTimeout().toNanos());
    long since = samples == 0 ? took : sample.endedNanos() - lastEndedNanos;
    return Math.clamp(since, 0, Math.max(0, most));
  }

  private long needed(Kind kind) {
    return switch (kind) {
      case REFUSED -> thresholds.refused().toNanos();
      case SILENT -> thresholds.silent().toNanos();
      case UNANSWERED -> thresholds.unanswered().toNanos();
      case ANSWERED -> Long.MAX_VALUE;
    };
  }

  /** Whether the last sample is older than four probes would be. */
  private boolean isStale(long nanos) {
    long longest = 4 * thresholds.probeEvery().toNanos() + 2 * thresholds.probeTimeout().toNanos();
    return samples > 0 && nanos - lastEndedNanos > longest;
  }

  public Verdict at(long nanos) {
    if (samples == 0 || isStale(nanos)) {
      return Verdict.SUSPECT;
    }
    if (suspicion >= 1 && failures >= FEWEST) {
      return Verdict.DEAD;
    }
    return settled && suspicion < SUSPECT ? Verdict.ALIVE : Verdict.SUSPECT;
  }
}
