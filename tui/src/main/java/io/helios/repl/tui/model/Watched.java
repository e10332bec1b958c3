package io.helios.repl.tui.model;

import java.time.Instant;

/** What is to be asked for, since it is shown. What is asked for once more differs from what was asked for before. */
public sealed interface Watched {

  /** A tenant's stages. Answered by {@link News.Piped}, again and again. */
  record Stages(String tenant) implements Watched {}

  /**
   * A migration's history. Answered by {@link News.Recounted}, once for each of its states; where it can be cut over next, {@link
   * News.Looked} follows, again and again.
   *
   * @param migration its id
   * @param since when it entered its state
   * @param gates whether there is a cutover that they stand in the way of
   */
  record Move(String tenant, String migration, Instant since, boolean gates) implements Watched {}

  /** A failover's history. Answered by {@link News.Recounted}, once for each of its states. */
  record Succession(String tenant, String failover, Instant since) implements Watched {}
}
