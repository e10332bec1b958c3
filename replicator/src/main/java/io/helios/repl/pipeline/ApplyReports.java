package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.postgres.Lsn;
import java.util.List;
import java.util.UUID;

/**
 * How tenants are that one region has given to one target of another one.
 *
 * @param boot of the server that applies them: another one knows nothing of what was given before
 * @param version what to ask with next
 * @param all whether these are all that were given; else those of which there is news
 */
public record ApplyReports(UUID boot, long version, boolean all, List<Report> reports) {

  /** To ask with at first. */
  public static final UUID NO_BOOT = new UUID(0, 0);

  public ApplyReports {
    reports = List.copyOf(reports);
  }

  /**
   * One tenant.
   *
   * @param incarnation as it was given
   * @param keys how many generations of its key are there
   * @param hold number of the hold that was reached last; 0 for none
   * @param heldAt the position that was reached then
   * @param promoted the epoch of the marker that was applied; 0 for none
   */
  public record Report(
      UUID tenant, UUID incarnation, int keys, AppliedStatus status, long hold, Lsn heldAt, long promoted) {}
}
