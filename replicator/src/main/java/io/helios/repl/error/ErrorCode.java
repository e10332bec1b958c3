package io.helios.repl.error;

import java.util.Arrays;
import java.util.Optional;

/**
 * The catalogue of everything that can be wrong. Numbers are stable for ever: 1xxx configuration and usage, 2xxx source,
 * 3xxx target and applying, 4xxx journal, sealing and keys, 5xxx tenants, 6xxx verification, 7xxx migration, 8xxx
 * failover, 9xxx the server itself.
 */
public enum ErrorCode {
  // 1xxx configuration and usage
  // 2xxx source
  // 3xxx target and applying
  TARGET_BUSY(3101, "The target is out of reach or busy", "The connection was lost, a lock was not had in time, or the server is starting or full. It is retried with growing pauses; nothing is lost meanwhile, the journal keeps the changes."),
  APPLIER_FENCED(3102, "The applier's epoch is over", "The target records another epoch for this tenant: a cutover or failover happened, and this side may write nothing any more. Look at the tenant's status on the server that holds the new epoch."),
  REPLICA_UNKNOWN(3103, "The target has no record of the tenant", "The tenant's row in helios.replica is missing: the target was never prepared for it, was restored from an older backup, or the row was removed by hand. Without it nothing can be applied exactly once; resync the tenant."),
  FRAME_FOREIGN(3104, "A frame comes from another source or epoch", "Frames carry the system identifier of the source they were captured from, and the epoch. This one differs from what the target knows, so applying it could mix two histories."),
  TARGET_TABLE_MISSING(3105, "The target lacks a table", "A change arrived for a table that the target does not have. Create it there with the source's definition, then start the tenant again: it goes on from its position."),
  TARGET_COLUMN_MISSING(3106, "The target's table lacks a column", "A change carries a column that the target's table does not have. Add it there with the source's type, then start the tenant again: it goes on from its position."),
  ROW_REJECTED(3107, "The target rejected a row", "The target's constraints, types or rights do not let this change in. Nothing of its transaction is applied. Mend the target's table, then start the tenant again: it goes on from its position."),
  CONFLICT_STOPPED(3108, "A conflict, and the tenant's policy is to stop", "The target's row is not what the change expects, so somebody else wrote it. Compare both sides with helios-repl verify run, then repair, or let the source win."),
  ROW_INCOMPLETE(3109, "A row is missing at the target and the change does not carry all of it", "PostgreSQL does not send large values that an update left unchanged, so the row cannot be made from this change alone. Bring it back with helios-repl verify repair, or resync the tenant."),
  KEY_TAKEN(3110, "A key is taken by another tenant's row", "The shared table at the target already holds this key or unique value in a row of another tenant, which is never touched. Make the keys of the shards disjoint, or give the tenant a target of its own."),
  FRAME_SEQUENCE(3111, "Frames are out of order", "A tenant's frames are numbered without holes, and one is missing, repeated or misplaced. The journal or its transport is damaged; resync the tenant."),
  VALUE_UNREADABLE(3112, "A value came in a form that the target cannot read", "A binary value of a type that is not built in. Types that are not built in are carried as text; the source's stream has to be opened again."),
  TARGET_NOT_PREPARED(3113, "The target could not be prepared", "The role's rights do not suffice to create schema helios or a guard. Run the SQL that is shown as a role that may."),
  TARGET_SCHEMA_NEWER(3114, "The target was prepared by a newer helios-repl", "Schema helios there has a version that this program does not know. Use the newer program."),
  // 4xxx journal, sealing and keys
  // 5xxx tenants
  // 6xxx verification
  // 9xxx the server itself
  INTERNAL(9001, "A bug in helios-repl", "An assumption of the program does not hold. The part that met it has stopped; the log has the details.");

  private final int number;
  private final String title;
  private final String explanation;

  ErrorCode(int number, String title, String explanation) {
    this.number = number;
    this.title = title;
    this.explanation = explanation;
  }

  /** For example {@code HR-2103}. */
  public String id() {
    return "HR-" + number;
  }

  public String title() {
    return title;
  }

  /** What it means and what usually mends it, in a few sentences. */
  public String explanation() {
    return explanation;
  }

  public static Optional<ErrorCode> byId(String id) {
    return Arrays.stream(values()).filter(code -> code.id().equalsIgnoreCase(id)).findFirst();
  }
}
