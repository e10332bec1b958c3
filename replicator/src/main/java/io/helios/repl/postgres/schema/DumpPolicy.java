package io.helios.repl.postgres.schema;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Whether definitions are to be taken by pg_dump.
 *
 * @param wanted false: tables and what belongs to them come from the catalog, and nothing else does
 * @param program the one to be used; null for one that is installed and fits the source
 */
public record DumpPolicy(boolean wanted, @Nullable Path program) {

  public static final DumpPolicy AUTO = new DumpPolicy(true, null);
  public static final DumpPolicy NONE = new DumpPolicy(false, null);
}
