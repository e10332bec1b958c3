package io.helios.repl.pipeline;

import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.postgres.schema.LiveTable;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The catalogs of all sources, asked over a connection of their engines' each time. Any thread. */
record SourceCatalogs(Function<String, SourceEngine> engines) implements SourceCatalog {

  @Override
  public Optional<LiveTable> table(String source, int oid) {
    return engines.apply(source).table(oid);
  }

  @Override
  public List<LiveTable.NamedType> types(String source, List<Integer> oids) {
    return engines.apply(source).types(oids);
  }
}
