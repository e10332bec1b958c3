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
  COPY_SOURCE_FAILED(3250, "The copy cannot read the source", "Taking a snapshot of the source, or reading a table under it, failed. The message has the server's own word for it."),
  COPY_TARGET_FAILED(3251, "The copy cannot write the target", "Preparing the copy at the target, or writing a table, failed. The message has the server's own word for it."),
  TABLE_CHANGED_UNDER_SNAPSHOT(3252, "A table changed while a snapshot was taken", "A TRUNCATE or ALTER TABLE came between the snapshot and the lock that protects it. It is tried again by itself."),
  COPY_KEY_NOT_CANONICAL(3253, "The tenant's key is not written as PostgreSQL writes it", "The tenant column's type prints the key in another form (007 for 7, upper case in a UUID) or knows no such value. Its changes would not be recognized in the WAL. Create the tenant with the key as the column prints it."),
  COPY_TARGET_NOT_EMPTY(3254, "The target already holds rows of the tenant", "Rows that helios-repl did not bring are neither deleted nor overwritten. Delete them, or choose another target."),
  COPY_KEY_TAKEN(3255, "Another tenant's rows hold keys of this tenant", "On a shared target a key or unique value of this tenant is taken by a row of another tenant. Another tenant's row is never touched."),
  COPY_ROWS_MISSING(3256, "The target did not take all rows", "A trigger that is enabled ALWAYS, or for replicas, drops or redirects rows at the target. Disable it for the copy."),
  COPY_TAKEN_OVER(3257, "Another copy has taken over", "Two copies of the same tenant run at once; the later one goes on."),
  COPY_TABLE_MISSING(3258, "The target lacks a table or a tenant column", "Rows are copied into tables that are there and fit. target prepare creates them from the source's catalog."),
  // 4xxx journal, sealing and keys
  // 5xxx tenants
  // 6xxx verification
  VERIFY_SOURCE_FAILED(6001, "The verification cannot read the source", "Taking a snapshot of the source, or reading a table under it, failed. The message has the server's own word for it."),
  VERIFY_TARGET_FAILED(6002, "The verification cannot read the target", "Taking a snapshot of the target, or reading a table under it, failed. The message has the server's own word for it."),
  VERIFY_NO_POINT(6003, "Both sides could not be seen at one point in time", "Either transactions that stay open at the source kept its snapshot waiting, or the applier did not reach the snapshot's point. End long transactions at the source, let the tenant catch up, or allow more time."),
  VERIFY_TABLE_MISSING(6004, "The target lacks a table that is to be compared", "The table, or the tenant's column in it, is not there at the target. Create it, then resync the tenant."),
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
