package io.helios.repl.tests.apply;

import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Frames in memory, not sealed, so that a test sees and shapes each of them. */
final class MemoryFrames implements FrameSource {

  private final Map<UUID, List<Frame>> frames = new HashMap<>();
  private final Map<UUID, Long> acknowledged = new HashMap<>();
  private long capturedUpTo;
  private boolean trims = true;

  synchronized void add(Frame frame) {
    frames.computeIfAbsent(frame.header().tenant(), t -> new ArrayList<>()).add(frame);
  }

  synchronized void captured(long upTo) {
    capturedUpTo = upTo;
  }

  /** Forgets acknowledgements: what a crash between the target's commit and the journal's knowing of it looks like. */
  synchronized void keepAll() {
    trims = false;
  }

  synchronized Long acknowledged(UUID tenant) {
    return acknowledged.get(tenant);
  }

  synchronized long lastSequence(UUID tenant) {
    List<Frame> of = frames.getOrDefault(tenant, List.of());
    return of.isEmpty() ? 0 : of.getLast().header().sequence();
  }

  @Override
  public synchronized List<Frame> fetch(UUID tenant, long afterPosition, long fromSequence, int maxBytes) {
    List<Frame> found = new ArrayList<>();
    int bytes = 0;
    for (Frame frame : frames.getOrDefault(tenant, List.of())) {
      FrameHeader header = frame.header();
      if (header.sequence() >= fromSequence && (!trims || header.lastPosition() > afterPosition)) {
        if (!found.isEmpty() && bytes + frame.sealed().length > maxBytes) {
          break;
        }
        bytes += frame.sealed().length;
        found.add(frame);
      }
    }
    return found;
  }

  @Override
  public synchronized long capturedUpTo() {
    return capturedUpTo;
  }

  @Override
  public synchronized void acknowledge(UUID tenant, long position) {
    acknowledged.put(tenant, position);
  }

  @Override
  public Arrivals arrivals(long mark, Duration timeout) {
    throw new UnsupportedOperationException();
  }
}
