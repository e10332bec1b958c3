package io.helios.repl.peer;

import io.helios.repl.config.PeerSettings;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** The connection to one peer. Every wait on it is bounded. Thread-safe. */
final class PeerLink implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final PeerSettings peer;
  private final PinnedKeys pinned;
  private final SSLContext tls;
  private final HttpClient http;

  PeerLink(PeerSettings peer, ServerIdentity identity, PinnedKeys pinned) {
    this.peer = peer;
    this.pinned = pinned;
    this.tls = identity.toward(peer);
    this.http = newClient();
  }

  /** One that calls this peer and no other; with connections of its own, and to be closed by who asks for it. */
  HttpClient newClient() {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).sslContext(tls).build();
  }

  URI at(String path) {
    return peer.url().resolve(path);
  }

  /**
   * Sends it and waits for the whole answer.
   *
   * @param what is asked for, in the plural
   * @return the body of a success
   * @throws TransientException when there is none, or it may go well later
   * @throws OperatorException what the peer says
   */
  byte[] call(HttpRequest.Builder request, String what, Duration patience, int largestBytes) throws InterruptedException {
    try {
      return PeerAnswer.body(
          send(request.timeout(patience).build(), patience.plus(PATIENCE), largestBytes), "region \"" + peer.region() + "\": " + what);
    } catch (IOException e) {
      throw new TransientException(unreachable(e), e);
    }
  }

  PeerSettings peer() {
    return peer;
  }

  /** To the database of its target of that name. */
  SessionWay way(String target) {
    return new SessionWay(http, peer.url(), peer.region(), target, this::unreachable);
  }

  /** Asks how it is. */
  PeerStatus ask() throws InterruptedException {
    Instant at = Instant.now();
    long begun = System.nanoTime();
    try {
      HttpResponse<byte[]> response = send(
              HttpRequest.newBuilder(at(PeerHello.PATH)).timeout(PATIENCE).build(), PATIENCE.multipliedBy(2), PeerHello.LARGEST_BYTES);
      Duration roundTrip = Duration.ofNanos(System.nanoTime() - begun);
      PeerHello hello = response.statusCode() == 200 ? PeerHello.decode(response.body()) : null;
      Problem wrong = wrong(response, hello);
      if (hello == null || wrong != null) {
        return new PeerStatus(peer.region(), peer.url(), at, null, wrong);
      }
      Duration ahead = Duration.between(at.plus(roundTrip.dividedBy(2)), hello.time());
      return new PeerStatus(
          peer.region(), peer.url(), at, new PeerStatus.Answer(
              hello.version(), PinnedKeys.text(hello.publicKey()), certificateEnds(response), ahead, roundTrip, hello.capacities()), null);
    } catch (IOException e) {
      return new PeerStatus(peer.region(), peer.url(), at, null, unreachable(e));
    }
  }

  /** The time is for all of it: a peer that sends its answer byte by byte holds nobody up. */
  private HttpResponse<byte[]> send(HttpRequest request, Duration whole, int largestBytes)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), largestBytes));
    try {
      return answer.get(whole.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("no whole answer within " + whole.toSeconds() + " s", e);
    } finally {
      answer.cancel(true);
    }
  }

  private @Nullable Problem wrong(HttpResponse<byte[]> response, @Nullable PeerHello hello) {
    if (response.statusCode() == 403) {
      return new Problem(
          ErrorCode.PEER_REFUSED,
          "the server of region \"" + peer.region() + "\" does not take us for a peer",
          "its peers: does not name our region, or our certificate is not of the authority that it names there",
          "on that server: peers: { OUR-REGION: { url: …, ca: FILE } }, then restart it");
    }
    if (hello == null || !hello.region().equals(peer.region())) {
      return new Problem(
          ErrorCode.PEER_ANSWER,
          "what answers at " + peer.url() + " is no server of region \"" + peer.region() + "\" with peers",
          hello == null
              ? "its answer, with status " + response.statusCode() + ", is not a peer's"
              : "it calls itself \"" + TenantNames.printable(hello.region()) + "\"",
          "see what listens there, and whether that server's configuration has peers: and this region:");
    }
    if (hello.protocol() != PeerHello.PROTOCOL) {
      return new Problem(
          ErrorCode.PEER_VERSION,
          "the server of region \"" + peer.region() + "\" speaks another version of the peers' protocol",
          "it is helios-repl " + hello.version() + " with version " + hello.protocol() + " of it, ours is " + PeerHello.PROTOCOL,
          "bring both servers to the same release");
    }
    return pinned.check(peer.region(), hello.publicKey());
  }

  private static Instant certificateEnds(HttpResponse<byte[]> response) throws SSLPeerUnverifiedException {
    Certificate[] chain =
        response.sslSession().orElseThrow(() -> new SSLPeerUnverifiedException("no session")).getPeerCertificates();
    return Stream.of(chain)
        .map(c -> ((X509Certificate) c).getNotAfter().toInstant())
        .min(Comparator.naturalOrder())
        .orElseThrow(() -> new SSLPeerUnverifiedException("no certificate"));
  }

  /** Told by what was thrown, never by its text. */
  private Problem unreachable(IOException e) {
    boolean tls = false;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof OtherRegionException other) {
        return new Problem(
            ErrorCode.PEER_OTHER_REGION,
            "who answers at " + peer.url() + " is not the server of region \"" + peer.region() + "\"",
            "the region that its certificate names is " + other.named(),
            "see what peers." + peer.region() + ".url leads to, and which certificate that server has");
      }
      tls |= cause instanceof SSLException;
    }
    if (tls) {
      return new Problem(
          ErrorCode.PEER_NOT_TRUSTED,
          "the server of region \"" + peer.region() + "\" and this one do not trust each other",
          Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName()),
          "its certificate must be of the authority in " + peer.ca() + ", name the host of " + peer.url()
              + " and not be over; and so must ours there");
    }
    return new Problem(
        ErrorCode.PEER_UNREACHABLE,
        "the server of region \"" + peer.region() + "\" cannot be reached at " + peer.url(),
        e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage()),
        "see whether it runs, and whether a firewall lets us through");
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
