package io.helios.repl.migration;

import io.helios.repl.tenant.Tenant;
import java.time.Duration;

/**
 * Where a tenant's clients are sent. A seam: a connection pooler, a hook, a directory, several of them or none. Every call
 * may be made again. Any thread, one at a time for one tenant; throws members of the {@link
 * io.helios.repl.error.HeliosException} family.
 */
public interface Traffic {

  /** Where clients are not ours to send: they find the new home by themselves. */
  Traffic NOBODYS =
      new Traffic() {
        @Override
        public void check(Move move) {}

        @Override
        public boolean pause(Move move, Duration within) {
          return false;
        }

        @Override
        public void change(Move move) {}

        @Override
        public void resume(Move move) {}
      };

  /**
   * @param epoch the one that the move brings about; each has a higher one than those before
   * @param from its home's configured name
   * @param to the configured name of what becomes its home
   */
  record Move(Tenant tenant, long epoch, String from, String to) {

    static Move of(Tenant tenant, long epoch) {
      return new Move(tenant, epoch, tenant.source(), tenant.target());
    }
  }

  /** Goes the whole way but changes nothing: what would fail in a cutover fails here. */
  void check(Move move);

  /**
   * Holds the tenant's clients back; what they have begun they may end.
   *
   * @return whether anybody is held back from now on
   * @throws io.helios.repl.error.TransientException when that takes longer: {@link #resume} is called then
   */
  boolean pause(Move move, Duration within);

  /** Sends them to {@link Move#to()}. Only after the target has taken the epoch. */
  void change(Move move);

  /** Lets them go on, to where they are sent by now. */
  void resume(Move move);
}
