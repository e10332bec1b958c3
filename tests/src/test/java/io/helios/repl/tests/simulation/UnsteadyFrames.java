package io.helios.repl.tests.simulation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.tests.simulation.Seams.Life;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongConsumer;

/**
 * The journal as it looks over a bad line: what it has shows late, fetches fail, frames come that were asked for before, and
 * of acknowledgements it is not known whether they arrived.
 */
final class UnsteadyFrames implements FrameSource {

  private final RelayJournal journal;
  private final Chance chance;
  private final Weather weather;
  private final Seams seams;
  private final Life life;
  private final LongConsumer onShown;
  private long view;

  /** How far before what was asked for the frames of each tenant's turn begin: of many at once, where one waits in a seam. */
  private final Map<UUID, Integer> again = new HashMap<>();

  /** @param onShown told the position of whatever is shown to anybody */
  UnsteadyFrames(RelayJournal journal, Chance chance, Weather weather, Seams seams, Life life, LongConsumer onShown) {
    this.journal = journal;
    this.chance = chance;
    this.weather = weather;
    this.seams = seams;
    this.life = life;
    this.onShown = onShown;
    this.view = journal.capturedUpTo();
  }

  @Override
  public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
    seams.pass(Seam.FETCH, life);
    if (life.isOver() || chance.once(weather.unsteady())) {
      throw Seams.unavailable(ErrorCode.JOURNAL_READ_FAILED);
    }
    if (fromSequence == 0) {
      again.put(tenant, chance.once(weather.unsteady()) ? chance.below(3_000) : 0);
    }
    long after = Math.max(0, afterPosition - again.get(tenant));
    return fetchFrom(tenant, after, afterPosition, fromSequence, maxBytes).stream()
        .filter(frame -> frame.header().firstPosition() < view)
        .peek(frame -> onShown.accept(frame.header().lastPosition()))
        .toList();
  }

  private List<Frame> fetchFrom(UUID tenant, long after, long wanted, long fromSequence, int maxBytes) {
    try {
      return journal.fetch(tenant, after, fromSequence, maxBytes);
    } catch (OperatorException e) {
      if (after == wanted || e.problem().code() != ErrorCode.JOURNAL_GAP) {
        throw e;
      }
      return journal.fetch(tenant, wanted, fromSequence, maxBytes);
    }
  }

  @Override
  public long capturedUpTo() {
    return view;
  }

  @Override
  public void acknowledge(UUID tenant, long position) {
    seams.pass(Seam.FETCH, life);
    boolean unknown = life.isOver() || chance.once(weather.unsteady());
    if (!life.isOver() && (!unknown || chance.coin())) {
      journal.acknowledge(tenant, position);
    }
    if (unknown) {
      throw Seams.unavailable(ErrorCode.JOURNAL_READ_FAILED);
    }
  }

  /** Who has news; what is new can be fetched from then on. */
  @Override
  public Arrivals arrivals(long mark, Duration timeout) throws InterruptedException {
    Arrivals arrivals = journal.arrivals(mark, Duration.ZERO);
    view = journal.capturedUpTo();
    return arrivals;
  }
}
