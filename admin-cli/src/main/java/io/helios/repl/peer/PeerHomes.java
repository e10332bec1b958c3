package io.helios.repl.peer;

import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.Guests;
import io.helios.repl.postgres.schema.LiveTable;
import io.helios.repl.relay.FrameSource;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The sources of peers, for those of their tenants that this server applies. Any thread. */
final class PeerHomes implements Guests.Homes {

  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final int LARGEST_TABLE = 16 << 20;

  private final Peers peers;

  PeerHomes(Peers peers) {
    this.peers = peers;
  }

  @Override
  public Guests.Home open(String region, String source) {
    PeerLink link = peers.link(region).orElseThrow(() -> new IllegalStateException("no peer of region " + region));
    HttpClient client = link.newClient();
    HttpFrameSource frames = HttpFrameSource.open(client, link.peer().url(), source);
    SourceCatalog catalog = new Catalog(link, source);
    return new Guests.Home() {
      @Override
      public FrameSource frames() {
        return frames;
      }

      @Override
      public SourceCatalog catalog() {
        return catalog;
      }

      /** First the client: whoever waits for frames is let go. */
      @Override
      public void close() {
        client.shutdownNow();
        frames.close();
      }
    };
  }

  /** @param source its name there, whatever guests call it */
  private record Catalog(PeerLink link, String source) implements SourceCatalog {

    @Override
    public Optional<LiveTable> table(String any, int oid) {
      return Optional.ofNullable(CatalogDocument.decodeTable(ask("tables/" + Integer.toUnsignedString(oid))));
    }

    @Override
    public List<LiveTable.NamedType> types(String any, List<Integer> oids) {
      return CatalogDocument.decodeTypes(
          ask("types?oids=" + oids.stream().map(Integer::toUnsignedString).collect(Collectors.joining(","))));
    }

    private byte[] ask(String path) {
      try {
        return link.call(
            HttpRequest.newBuilder(link.at("/peer/v1/sources/" + source + "/" + path)),
            "tables of its source \"" + source + "\"",
            PATIENCE,
            LARGEST_TABLE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new TransientException(
            new Problem(ErrorCode.SERVER_STOPPING, "the source is not asked any more", "this server is stopping", "start it again"), e);
      }
    }
  }
}
