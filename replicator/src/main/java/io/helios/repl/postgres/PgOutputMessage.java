package io.helios.repl.postgres;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages of the pgoutput plugin, protocol version 1 (PostgreSQL: {@code replication/logical/proto.c}, documented
 * as Logical Replication Message Formats). Times are microseconds since 2000-01-01 00:00 UTC.
 */
public sealed interface PgOutputMessage {

  /** A transaction starts. {@code commitLsn} is where its commit record starts: the one order of everything. */
  record Begin(Lsn commitLsn, long commitTimeMicros, int xid) implements PgOutputMessage {}

  /** The transaction ends. {@code endLsn} is just past its commit record. */
  record Commit(Lsn commitLsn, Lsn endLsn, long commitTimeMicros) implements PgOutputMessage {}

  /** The transaction came from another node, and was committed there at {@code lsn}. */
  record Origin(Lsn lsn, String name) implements PgOutputMessage {}

  /** Describes a table before its first row, and again after each change of its definition. */
  record RelationMessage(Relation relation) implements PgOutputMessage {}

  /** Describes a type that is not built in. */
  record Type(int oid, String schema, String name) implements PgOutputMessage {}

  record Insert(int relationOid, Tuple row) implements PgOutputMessage {}

  /**
   * A row changed.
   *
   * @param old the old key or the old row, when pgoutput sent one: a key when the key changed, a row with replica
   *     identity full; else null, and the key is the new row's
   * @param oldIsKey whether {@code old} carries the key columns only (the others are null in it)
   */
  record Update(int relationOid, @Nullable Tuple old, boolean oldIsKey, Tuple row) implements PgOutputMessage {}

  /** A row went. {@code old} carries its key, or all of it with replica identity full. */
  record Delete(int relationOid, Tuple old, boolean oldIsKey) implements PgOutputMessage {}

  record Truncate(List<Integer> relationOids, boolean cascade, boolean restartIdentity) implements PgOutputMessage {}

  /** A logical message ({@code pg_logical_emit_message}). */
  record Message(boolean transactional, Lsn lsn, String prefix, byte[] content) implements PgOutputMessage {}
}
