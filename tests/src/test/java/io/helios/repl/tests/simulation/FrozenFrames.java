package io.helios.repl.tests.simulation;

import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** What an applier still holds of one tenant that was left behind when its server was taken over. */
final class FrozenFrames implements FrameSource {

  private final List<Frame> frames;
  private final long capturedUpTo;
  private boolean open;

  FrozenFrames(List<Frame> frames, long capturedUpTo) {
    this.frames = frames;
    this.capturedUpTo = capturedUpTo;
  }

  /** Until then it looks as if there were nothing: the applier learns where its tenant is, and sleeps. */
  void open() {
    open = true;
  }

  @Override
  public List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
    return frames.stream()
        .filter(frame -> open && frame.header().sequence() >= fromSequence && frame.header().lastPosition() > afterPosition)
        .toList();
  }

  @Override
  public long capturedUpTo() {
    return open ? capturedUpTo : 0;
  }

  @Override
  public void acknowledge(UUID tenant, long position) {}

  @Override
  public Arrivals arrivals(long mark, Duration timeout) {
    return new Arrivals(mark, List.of());
  }
}
