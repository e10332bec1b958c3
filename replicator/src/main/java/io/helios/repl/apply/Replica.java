package io.helios.repl.apply;

import io.helios.repl.postgres.Lsn;
import io.helios.repl.tenant.Tenant;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** A tenant that is being applied, as who leads it sees it: here, or at another region's server. Any thread. */
public interface Replica {

  UUID id();

  /** How far it is, as far as is known here. */
  AppliedStatus status();

  /** Takes effect soon. What it replicates, from where and to where, must be the same. */
  void change(Tenant settings);

  /**
   * Applies every transaction with a commit LSN before {@code at}, and begins none at or after it, until {@link #release};
   * {@link Lsn#INVALID} holds the tenant where it is. It takes the place of a hold before it without a gap. The future
   * completes, with the position reached, once all of them are at the target, for which the source must be captured up to
   * {@code at}; exceptionally when the tenant stops; never when it is past that point already, which {@link #status} tells.
   */
  CompletableFuture<Lsn> holdAt(Lsn at);

  /** Goes on. */
  void release();

  /** Completes with the epoch when the tenant's marker was applied: it is written at the target then, by its users. */
  CompletableFuture<Long> promotion();
}
