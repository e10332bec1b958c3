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
  // 20xx-21xx connections, the replication slot and its stream, routing
  UNREACHABLE(2001, "A database cannot be reached", "The host, the port or the network does not answer, or the server is starting or stopping. It is tried again with growing pauses; check host and port, the firewall, and listen_addresses."),
  AUTHENTICATION_FAILED(2002, "A database refuses the login", "User or password is wrong, or pg_hba.conf has no line for this user, database and address. A replication connection to a database is matched by the database's own lines."),
  DATABASE_MISSING(2003, "There is no such database", "The server answers, but it has no database of this name, or the role may not connect to it."),
  CONNECTION_INVALID(2004, "Connection settings are not usable", "The URI, the fields or the password file cannot be read as they are written. The message names the part concerned, never its secret."),
  CONNECTIONS_USED_UP(2005, "The server has no connection left", "max_connections, or the limit of the role or database, is reached. It is tried again; raise the limit if this lasts."),
  CONNECTION_NOT_TRUSTED(2006, "The TLS connection cannot be trusted", "The server's certificate does not fit sslmode and sslrootcert, or the server has no TLS although sslmode asks for it."),
  SOURCE_QUERY_FAILED(2007, "A query of the source failed", "The server refused a query that the replicator needs. The SQLSTATE says why."),
  NO_REPLICATION_RIGHT(2101, "The role may not replicate", "Reading the WAL takes the REPLICATION attribute: ALTER ROLE … REPLICATION. On managed services there is often a role to be granted instead, for example rds_replication."),
  SLOT_MISSING(2102, "The replication slot does not exist", "It was dropped, or the server was restored or failed over to a standby that does not have it. What was committed meanwhile may be lost to the stream: tenants need a resync."),
  WAL_LEVEL_NOT_LOGICAL(2103, "wal_level is not logical", "Row changes cannot be decoded from the source's WAL. Set wal_level = logical and restart the server."),
  SLOT_IN_USE(2104, "Somebody else is reading the replication slot", "A slot has one reader at a time: another server of yours, or an earlier connection that the source has not given up yet (see wal_sender_timeout). It is tried again."),
  SLOTS_USED_UP(2105, "The source has no replication slot left", "max_replication_slots is reached. Drop slots that nobody needs, or raise it and restart the server."),
  WALSENDERS_USED_UP(2106, "The source has no walsender left", "max_wal_senders is reached. It is tried again; raise it and restart the server if this lasts."),
  PUBLICATION_MISSING(2107, "The publication does not exist", "It must have existed already where the slot stands in the WAL: a publication made later does not help the changes before it."),
  SLOT_LOST(2108, "The replication slot has lost its WAL", "The source removed WAL that the slot still needed (max_slot_wal_keep_size, idle_replication_slot_timeout), or invalidated the slot. The stream has a gap: tenants need a resync."),
  SOURCE_CHANGED(2109, "The source is not the one that was captured before", "Its system identifier, its timeline or its position does not follow what the journal holds. Nothing is resumed over such a gap: tenants need a resync."),
  STREAM_BROKEN(2110, "The replication stream broke off", "The connection was lost or the walsender ended. It is opened again and goes on where it was."),
  SLOT_UNFIT(2111, "The replication slot is not one of ours", "A slot of this name exists, but for another database or another output plugin, or it is temporary. Drop it or configure another name."),
  TABLE_WITHOUT_TENANT(2120, "A table has no tenant column", "The source's tenancy is by column, and this published table does not have it. Exclude the table, declare it a reference table, or add the column."),
  TENANT_KEY_TYPE(2121, "The tenant column cannot be compared", "Its type is not one whose values have one single byte form, or the tenant's key is not a value of that type."),
  IDENTITY_WITHOUT_TENANT(2122, "A change does not say whose it is", "The table's replica identity does not carry the tenant column, so an update or delete cannot be routed. ALTER TABLE … REPLICA IDENTITY FULL, or USING INDEX with one that includes the tenant column."),
  MOVE_INCOMPLETE(2123, "A row came to a tenant without all of its values", "Its tenant column was changed, and large values that did not change were not sent. With REPLICA IDENTITY FULL they would be. The tenant needs a resync."),
  JOURNAL_QUOTA(2124, "A tenant outgrew its share of the journal", "Its target lagged until relay.max-bytes-per-tenant, or the journal's total, was reached. Its changes are not kept any more: it needs a resync once the target keeps up."),
  WAL_MESSAGE_MALFORMED(2190, "A message of the WAL stream cannot be decoded", "What arrived is no pgoutput message of protocol version 1. Capture stops rather than guess."),
  CHANGES_MALFORMED(2191, "A frame's changes cannot be decoded", "The frame is authentic but its content breaks the format. Applying stops rather than guess."),
  // 3xxx target and applying
  COPY_SOURCE_FAILED(3250, "The copy cannot read the source", "Taking a snapshot of the source, or reading a table under it, failed. The message has the server's own word for it."),
  COPY_TARGET_FAILED(3251, "The copy cannot write the target", "Preparing the copy at the target, or writing a table, failed. The message has the server's own word for it."),
  TABLE_CHANGED_UNDER_SNAPSHOT(3252, "A table changed while a snapshot was taken", "A TRUNCATE or ALTER TABLE came between the snapshot and the lock that protects it. It is tried again by itself."),
  KEY_NOT_CANONICAL(3253, "The tenant's key is not written as PostgreSQL writes it", "The tenant column's type prints the key in another form (007 for 7, upper case in a UUID) or knows no such value. Its changes would not be recognized in the WAL. Create the tenant with the key as the column prints it."),
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
