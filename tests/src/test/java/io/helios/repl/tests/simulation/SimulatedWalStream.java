package io.helios.repl.tests.simulation;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.tests.simulation.Seams.Life;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.LongConsumer;

/** One connection to the slot. It may break at any call, be late with anything, and lose what it was told last. */
final class SimulatedWalStream implements WalStream {

  private final SimulatedSource source;
  private final Chance chance;
  private final Weather weather;
  private final Seams seams;
  private final Life life;
  private final LongConsumer onRelease;
  private final int connection;
  private final Set<SimulatedTable> described = EnumSet.noneOf(SimulatedTable.class);
  private int at;

  /** 0: begin; then its changes, each perhaps after a description; then commit. */
  private int part;

  private long received;
  private long told;
  private boolean silent;

  /** @param onRelease looks at what the slot is told */
  SimulatedWalStream(
      SimulatedSource source, Chance chance, Weather weather, Seams seams, Life life, LongConsumer onRelease) {
    this.source = source;
    this.chance = chance;
    this.weather = weather;
    this.seams = seams;
    this.life = life;
    this.onRelease = onRelease;
    this.connection = source.connections();
    this.at = source.first(source.confirmed());
  }

  @Override
  public ByteBuffer poll() {
    seams.pass(Seam.POLL, life);
    if (life.isOver() || connection != source.connections() || chance.once(weather.cut())) {
      throw Seams.unavailable(ErrorCode.STREAM_BROKEN);
    }
    if (chance.below(4) == 0) {
      source.confirm(told);
    }
    SourceTransaction next = source.transaction(at);
    if (silent || chance.once(weather.delay() * 4)) {
      silent = false;
      return null;
    }
    if (next == null) {
      if (chance.coin()) {
        received = source.end();
      }
      return null;
    }
    return ByteBuffer.wrap(message(next));
  }

  private byte[] message(SourceTransaction next) {
    if (part == 0) {
      part = 1;
      return WalBytes.begin(next.commitLsn(), next.commitMicros());
    }
    if (part <= next.changes().size()) {
      SourceTransaction.Change change = next.changes().get(part - 1);
      SimulatedTable table = change.table();
      if (table != null && described.add(table)) {
        return WalBytes.relation(table.relation());
      }
      part++;
      return change.message();
    }
    part = 0;
    at++;
    silent = chance.below(weather.delay()) == 0;
    return WalBytes.commit(next.commitLsn(), next.endLsn(), next.commitMicros());
  }

  @Override
  public boolean isBinary() {
    return false;
  }

  @Override
  public Lsn receivedUpTo() {
    return new Lsn(received);
  }

  @Override
  public void release(Lsn endLsn, boolean now) {
    if (life.isOver()) {
      return;
    }
    onRelease.accept(endLsn.value());
    told = Math.max(told, endLsn.value());
    if (connection == source.connections() && (now || chance.below(3) == 0)) {
      source.confirm(told);
    }
    seams.pass(Seam.RELEASE, life);
  }

  @Override
  public void applied(Lsn point) {}

  @Override
  public void keepAlive() {}

  @Override
  public void close() {
    if (!life.isOver() && connection == source.connections() && chance.coin()) {
      source.confirm(told);
    }
  }
}
