package io.helios.repl.apply;

import io.helios.repl.postgres.schema.LiveTable;
import java.util.List;
import java.util.Optional;

/**
 * What a source's catalog says now of a table in its stream: the seam by which an applier, which talks to its target only,
 * asks the region of the source. It is asked when a table's shape is not the one that was last seen, and never else.
 */
public interface SourceCatalog {

  /**
   * The table of that OID; empty when it is no longer there.
   *
   * @param source the configured name
   * @throws io.helios.repl.error.TransientException when the source cannot be asked now
   */
  Optional<LiveTable> table(String source, int oid);

  /**
   * What the types of these OIDs are made of that is not built in, parts first; without those that are no longer there. A
   * type may be in the stream when no column of the table has it any more.
   *
   * @param source the configured name
   * @throws io.helios.repl.error.TransientException when the source cannot be asked now
   */
  List<LiveTable.NamedType> types(String source, List<Integer> oids);
}
