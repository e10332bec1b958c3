package io.helios.repl.tests.simulation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.peer.FrameWire;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The home server's journal as the other region's server has it over the wire: in the wire's own form, only of tenants that were
 * given to it, and only while somebody answers. That frames come late, twice, or not at all is {@link UnsteadyFrames}'.
 */
final class FarFrames implements FrameSource {

  private final MoveWorld world;
  private long capturedUpTo;

  FarFrames(MoveWorld world) {
    this.world = world;
  }

  private MoveServer answering() {
    MoveServer us = world.us();
    if (!answers(us)) {
      throw Seams.unavailable(ErrorCode.PEER_UNREACHABLE);
    }
    return us;
  }

  private boolean answers(@Nullable MoveServer us) {
    return us != null && us == world.us() && !us.life.isOver() && world.wire();
  }

  @Override
  public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
    MoveServer us = answering();
    if (!us.gives(tenant)) {
      throw new OperatorException(new Problem(ErrorCode.TENANT_NOT_GIVEN, "not given", "it was taken back", "nothing"));
    }
    List<Frame> frames = List.of();
    try {
      frames = us.home(0).frames.fetch(tenant, afterPosition, fromSequence, maxBytes);
    } catch (SimulatedCrash dead) {
      world.trace.note("died while it was asked");
    }
    if (!answers(us)) {
      throw Seams.unavailable(ErrorCode.PEER_UNREACHABLE); // cut while it was on its way
    }
    return FrameWire.decodeFrames(FrameWire.encode(frames));
  }

  @Override
  public long capturedUpTo() {
    return capturedUpTo;
  }

  /** What cannot be told now is told after a later turn. */
  @Override
  public void acknowledge(UUID tenant, long position) {
    MoveServer us = world.us();
    if (us != null && answers(us) && us.gives(tenant)) {
      try {
        us.home(0).frames.acknowledge(tenant, position);
      } catch (SimulatedCrash dead) {
        world.trace.note("died while it was told");
      }
    }
  }

  @Override
  public Arrivals arrivals(long mark, Duration timeout) throws InterruptedException {
    MoveServer us = world.us();
    if (us == null || !answers(us)) {
      return new Arrivals(0, List.of()); // another process may answer next: all it has is news
    }
    Arrivals arrivals = us.home(0).frames.arrivals(mark, timeout);
    capturedUpTo = us.home(0).frames.capturedUpTo();
    return arrivals;
  }
}
