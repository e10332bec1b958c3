package io.helios.repl.change;

import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import org.jspecify.annotations.Nullable;

/** One change of one tenant, with values as the source sent them. */
public sealed interface Change extends FrameEntry {

  Relation relation();

  record Insert(Relation relation, Tuple row) implements Change {}

  /** See {@link io.helios.repl.postgres.PgOutputMessage.Update}. */
  record Update(Relation relation, @Nullable Tuple old, boolean oldIsKey, Tuple row) implements Change {}

  record Delete(Relation relation, Tuple old, boolean oldIsKey) implements Change {}

  /** The row as the source has it, found by a poll: whether the target has it already is not known. No value is missing. */
  record Upsert(Relation relation, Tuple row) implements Change {}

  /** All of the tenant's rows of this table go. */
  record Truncate(Relation relation, boolean restartIdentity) implements Change {}
}
