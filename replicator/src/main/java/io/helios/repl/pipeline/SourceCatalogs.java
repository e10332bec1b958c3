package io.helios.repl.pipeline;

import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.postgres.schema.LiveTable;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The catalogs of all sources, asked over a connection of their engines' each time, and of those of other regions' servers. Any thread.
 *
 * @param peers by the name that guests know the source by; null for one that is none of theirs
 */
record SourceCatalogs(Function<String, SourceEngine> engines, Function<String, @Nullable SourceCatalog> peers)
    implements SourceCatalog {

  @Override
  public Optional<LiveTable> table(String source, int oid) {
    SourceCatalog peer = peers.apply(source);
    return peer == null ? engines.apply(source).table(oid) : peer.table(source, oid);
  }

  @Override
  public List<LiveTable.NamedType> types(String source, List<Integer> oids) {
    SourceCatalog peer = peers.apply(source);
    return peer == null ? engines.apply(source).types(oids) : peer.types(source, oids);
  }
}
