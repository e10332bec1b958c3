package io.helios.repl.failover.observation;

import io.helios.repl.postgres.Lsn;
import org.jspecify.annotations.Nullable;

/** Looks whether one database is there. One thread at a time; each look ends, within twice {@link Thresholds#probeTimeout}. */
public interface Probe extends AutoCloseable {

  /**
   * What was seen of it.
   *
   * @param standby whether it is in recovery; false where it did not say
   * @param wal the end of its WAL, or what of it was replayed; null where it did not say
   * @param why it is no proper answer; null where it is
   */
  record Seen(Sample.Kind kind, boolean standby, @Nullable Lsn wal, @Nullable String why) {

    static Seen failure(Sample.Kind kind, String why) {
      return new Seen(kind, false, null, why);
    }
  }

  Seen look();

  @Override
  void close();
}
