package io.helios.repl.capture;

import io.helios.repl.change.ChangeWriter;
import io.helios.repl.change.CutoverMarker;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.LargestRow;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import io.helios.repl.relay.Provenance;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.seal.FrameMeta;
import io.helios.repl.seal.FrameSealer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Routed changes to sealed frames in the journal: one open frame a tenant, cut when it is full, when all together are,
 * or when told. A transaction that does not fit goes on in the tenant's next frame.
 *
 * <p>A tenant whose changes cannot be carried on is dropped from the journal, which is durable: nobody can apply past
 * the hole, and its resync begins with {@link RelayJournal#forget}. Owned by the capture thread.
 */
final class FrameAssembler implements RoutedChanges {

  private static final int POOLED_WRITERS = 64;
  /** Begin, end and a relation's index come on top of tuples. */
  private static final int ENTRY_BYTES = 64;

  private final FrameSealer sealer;
  private final RelayJournal journal;
  private final SourceIdentity source;
  private final CaptureSettings settings;
  private final LongSupplier nanos;
  private final CaptureTimes times = new CaptureTimes();

  private final ArrayDeque<ChangeWriter> pool = new ArrayDeque<>();
  private final List<OpenFrame> touched = new ArrayList<>();
  private final List<OpenFrame> open = new ArrayList<>();
  /** Read by other threads too. */
  private final Map<UUID, Problem> failures = new ConcurrentHashMap<>();
  private OpenFrame[] frames = {};
  private Lsn commitLsn = Lsn.INVALID;
  private long commitMicros;
  private boolean inTransaction;
  private long openBytes;
  private long rows;
  private boolean appended;

  FrameAssembler(FrameSealer sealer, RelayJournal journal, SourceIdentity source, CaptureSettings settings,
      LongSupplier nanos) {
    this.sealer = sealer;
    this.journal = journal;
    this.source = source;
    this.settings = settings;
    this.nanos = nanos;
  }

  /** Other routes, between two transactions and with nothing open. Who failed stays so while its route stays the same. */
  void routes(List<TenantRoute> routes) {
    if (inTransaction || !isEmpty()) {
      throw new IllegalStateException("routes change between transactions only, with nothing open");
    }
    Map<UUID, Long> failedEpochs = new HashMap<>();
    for (OpenFrame frame : frames) {
      if (frame.failed) {
        failedEpochs.put(frame.route.tenant(), frame.route.epoch());
      }
    }
    frames = routes.stream().map(OpenFrame::new).toArray(OpenFrame[]::new);
    Map<UUID, Problem> before = new HashMap<>(failures);
    failures.clear();
    for (OpenFrame frame : frames) {
      Long epoch = failedEpochs.get(frame.route.tenant());
      Problem problem = before.get(frame.route.tenant());
      if (epoch != null && problem != null && epoch == frame.route.epoch()) {
        frame.failed = true;
        failures.put(frame.route.tenant(), problem);
      }
    }
    noticeOverflow();
  }

  Map<UUID, Problem> failures() {
    return failures;
  }

  CaptureTimes times() {
    return times;
  }

  long rows() {
    return rows;
  }

  /** Whether nothing waits to be cut, and nothing that was cut waits for a sync. */
  boolean isEmpty() {
    return openBytes == 0 && !appended;
  }

  void begin(Lsn lsn, long micros) {
    commitLsn = lsn;
    commitMicros = micros;
    inTransaction = true;
  }

  void end() {
    for (OpenFrame frame : touched) {
      if (!frame.failed) {
        ChangeWriter writer = writer(frame);
        int before = writer.size();
        writer.end(commitLsn);
        openBytes += writer.size() - before;
        if (writer.size() >= settings.frameBytes()) {
          cut(frame);
        }
      }
      frame.touched = false;
      frame.continued = false;
    }
    touched.clear();
    inTransaction = false;
  }

  /** Cuts all open frames and makes them durable and visible. Between two transactions. */
  void sync(Lsn capturedUpTo, Provenance provenance) {
    cutAll();
    long begun = nanos.getAsLong();
    journal.sync(capturedUpTo.value(), provenance);
    long now = nanos.getAsLong();
    times.journal().record(now - begun, now);
    appended = false;
    noticeOverflow();
  }

  @Override
  public void insert(int tenant, Relation relation, Tuple row) {
    OpenFrame frame = frames[tenant];
    ChangeWriter writer = room(frame, relation.qualifiedName(), row.byteLength());
    if (writer != null) {
      int before = writer.size();
      writer.insert(relation, row);
      written(frame, writer, before);
    }
  }

  @Override
  public void update(int tenant, Relation relation, @Nullable Tuple old, boolean oldIsKey, Tuple row) {
    OpenFrame frame = frames[tenant];
    ChangeWriter writer = room(frame, relation.qualifiedName(), (long) row.byteLength() + (old == null ? 0 : old.byteLength()));
    if (writer != null) {
      int before = writer.size();
      writer.update(relation, old, oldIsKey, row);
      written(frame, writer, before);
    }
  }

  @Override
  public void delete(int tenant, Relation relation, Tuple old, boolean oldIsKey) {
    OpenFrame frame = frames[tenant];
    ChangeWriter writer = room(frame, relation.qualifiedName(), old.byteLength());
    if (writer != null) {
      int before = writer.size();
      writer.delete(relation, old, oldIsKey);
      written(frame, writer, before);
    }
  }

  @Override
  public void upsert(int tenant, Relation relation, Tuple row) {
    OpenFrame frame = frames[tenant];
    ChangeWriter writer = room(frame, relation.qualifiedName(), row.byteLength());
    if (writer != null) {
      int before = writer.size();
      writer.upsert(relation, row);
      written(frame, writer, before);
    }
  }

  @Override
  public void truncate(int tenant, Relation relation, boolean restartIdentity) {
    OpenFrame frame = frames[tenant];
    ChangeWriter writer = room(frame, relation.qualifiedName(), 0);
    if (writer != null) {
      int before = writer.size();
      writer.truncate(relation, restartIdentity);
      written(frame, writer, before);
    }
  }

  /** A cutover's marker, as a change of the tenant. */
  void marker(int tenant, CutoverMarker marker) {
    OpenFrame frame = frames[tenant];
    ChangeWriter writer = room(frame, "the marker of a cutover", CutoverMarker.MOST_BYTES);
    if (writer != null) {
      int before = writer.size();
      writer.marker(marker);
      written(frame, writer, before);
    }
  }

  /** From the open transaction on, the tenant's frames are of this route. */
  void reroute(int tenant, TenantRoute route) {
    frames[tenant].route = route;
  }

  @Override
  public void failed(int tenant, Problem problem) {
    OpenFrame frame = frames[tenant];
    if (frame.failed) {
      return;
    }
    giveUp(frame, problem.at(inTransaction ? commitLsn.toString() : null, problem.table()));
  }

  /** The writer with a transaction begun in it; null when the tenant takes no more. */
  private @Nullable ChangeWriter room(OpenFrame frame, String what, long bytes) {
    if (!frame.failed && bytes > LargestRow.BYTES) {
      giveUp(frame, LargestRow.exceeded(bytes).at(commitLsn.toString(), what));
    }
    if (!frame.failed && frame.size() > 0 && frame.size() + bytes + ENTRY_BYTES > FrameHeader.MAX_PLAIN) {
      cut(frame);
    }
    if (frame.failed) {
      return null;
    }
    if (!frame.touched) {
      frame.touched = true;
      touched.add(frame);
    }
    return writer(frame);
  }

  private ChangeWriter writer(OpenFrame frame) {
    ChangeWriter writer = frame.writer;
    if (writer == null) {
      writer = pool.isEmpty() ? new ChangeWriter() : pool.pop();
      frame.writer = writer;
      frame.firstPosition = commitLsn;
      frame.firstCommitMicros = commitMicros;
      if (!frame.listed) {
        frame.listed = true;
        open.add(frame);
      }
    }
    if (!writer.inTransaction()) {
      int before = writer.size();
      writer.begin(commitLsn, commitMicros, frame.continued);
      openBytes += writer.size() - before;
      frame.lastPosition = commitLsn;
      frame.lastCommitMicros = commitMicros;
    }
    return writer;
  }

  private void written(OpenFrame frame, ChangeWriter writer, int before) {
    rows++;
    openBytes += writer.size() - before;
    if (writer.size() >= settings.frameBytes()) {
      cut(frame);
    } else if (openBytes > settings.openBytes()) {
      cutAll();
    }
  }

  private void cutAll() {
    for (OpenFrame frame : open) {
      cut(frame);
      frame.listed = false;
    }
    open.clear();
  }

  /** Seals and appends what is in the frame; a transaction that is open goes on in the next one. */
  private void cut(OpenFrame frame) {
    ChangeWriter writer = frame.writer;
    if (writer == null) {
      return;
    }
    boolean complete = !writer.inTransaction();
    UUID tenant = frame.route.tenant();
    try {
      FrameSlot slot = journal.reserve(tenant);
      FrameMeta meta =
          new FrameMeta(
              tenant,
              FrameHeader.STREAM,
              frame.route.epoch(),
              source.systemIdentifier(),
              source.timeline(),
              frame.firstPosition.value(),
              frame.lastPosition.value(),
              frame.firstCommitMicros,
              frame.lastCommitMicros,
              complete,
              writer.changes());
      long begun = nanos.getAsLong();
      Frame sealed = sealer.seal(slot, meta, writer.array(), writer.size());
      long now = nanos.getAsLong();
      times.seal().record(now - begun, now);
      boolean taken = journal.append(sealed);
      appended = true;
      if (!taken) {
        fail(frame, overflow());
      }
    } catch (OperatorException e) {
      // No key: this tenant's own trouble.
      giveUp(frame, e.problem());
    }
    discard(frame);
    frame.continued = !complete;
  }

  private void discard(OpenFrame frame) {
    ChangeWriter writer = frame.writer;
    if (writer != null) {
      openBytes -= writer.size();
      writer.reset();
      frame.writer = null;
      if (pool.size() < POOLED_WRITERS) {
        pool.push(writer);
      }
    }
  }

  /** Durably: not even a restart right now, with the failure forgotten, can go on over the hole. */
  private void giveUp(OpenFrame frame, Problem problem) {
    // Before anybody can see that it was dropped, why must be there to see.
    failures.put(frame.route.tenant(), problem);
    journal.drop(frame.route.tenant());
    fail(frame, problem);
  }

  private void fail(OpenFrame frame, Problem problem) {
    frame.failed = true;
    failures.put(frame.route.tenant(), problem);
    discard(frame);
  }

  /** Tenants that the journal has dropped: for others' sake, or before this start. */
  private void noticeOverflow() {
    var overflowed = journal.overflowed();
    if (overflowed.isEmpty()) {
      return;
    }
    for (OpenFrame frame : frames) {
      if (!frame.failed && overflowed.contains(frame.route.tenant())) {
        fail(frame, overflow());
      }
    }
  }

  private static Problem overflow() {
    return new Problem(
        ErrorCode.JOURNAL_OVERFLOW,
        "the relay journal does not hold all of the tenant's changes",
        "its share was used up while its target lagged, or an earlier trouble of its own ended its capture",
        "helios-repl tenant errors NAME; mend what it names, then: helios-repl tenant resync NAME");
  }
}
