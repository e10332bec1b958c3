package io.helios.repl.peer;

import io.helios.repl.pipeline.ApplyPeer;
import io.helios.repl.pipeline.ApplyReports;
import io.helios.repl.pipeline.GivenTenant;
import io.helios.repl.seal.KeyTransfer;
import io.helios.repl.seal.SealedKey;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.UUID;

/** A peer as the one that applies this server's tenants. Any thread. */
final class PeerApplier implements ApplyPeer {

  /** That server may wait for an applier to come to an end. */
  private static final Duration PATIENCE = Duration.ofSeconds(25);

  private static final Duration ANSWER = Duration.ofSeconds(5);
  private static final int LARGEST_ANSWER = 1 << 20;
  private static final int LARGEST_REPORTS = 256 << 20;

  private final PeerLink link;
  private final String region;
  private final PeerKeys keys;

  /** @param region this server's own */
  PeerApplier(PeerLink link, String region, PeerKeys keys) {
    this.link = link;
    this.region = region;
    this.keys = keys;
  }

  @Override
  public SealedKey seal(KeyTransfer transfer, UUID tenant, int generation) {
    String to = link.peer().region();
    return transfer.give(tenant, generation, region, to, keys.toward(to));
  }

  @Override
  public void give(String target, GivenTenant tenant) throws InterruptedException {
    send(
        HttpRequest.newBuilder(link.at("/peer/v1/targets/" + target + "/tenants/" + tenant.tenant().id()))
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofByteArray(GivenDocument.encode(tenant))),
        target);
  }

  @Override
  public void takeBack(String target, UUID tenant, UUID incarnation) throws InterruptedException {
    send(
        HttpRequest.newBuilder(link.at("/peer/v1/targets/" + target + "/tenants/" + tenant + "?incarnation=" + incarnation)).DELETE(),
        target);
  }

  private void send(HttpRequest.Builder request, String target) throws InterruptedException {
    link.call(request, "tenants for its target \"" + target + "\"", PATIENCE, LARGEST_ANSWER);
  }

  @Override
  public ApplyReports reports(String target, UUID boot, long version, boolean urgent, Duration wait)
      throws InterruptedException {
    String query = "?boot=" + boot + "&version=" + version + "&urgent=" + urgent + "&wait=" + wait.toMillis() + "ms";
    return ReportsDocument.decode(
        link.call(
            HttpRequest.newBuilder(link.at("/peer/v1/targets/" + target + "/tenants" + query)),
            "reports of its target \"" + target + "\"",
            wait.plus(ANSWER),
            LARGEST_REPORTS));
  }
}
