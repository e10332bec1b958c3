package io.helios.repl.server;

import static io.helios.repl.server.Api.answer;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.peer.Peers;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import io.javalin.config.RoutesConfig;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /api/v1/doctor}: everything that could hurt, asked of all that are concerned at this moment. */
record DoctorRoutes(
    Fleet fleet, HostHealth host, TenantHealth tenantHealth, Scrapes scrapes, Peers peers, Supplier<List<Finding>> failover) {

  DoctorRoutes(
      ServerConfiguration configuration,
      Fleet fleet,
      Tenants tenants,
      VerificationHistory history,
      Scrapes scrapes,
      Peers peers,
      Supplier<List<Finding>> failover) {
    this(fleet, new HostHealth(configuration), new TenantHealth(tenants, history), scrapes, peers, failover);
  }

  void install(RoutesConfig routes) {
    routes.get("/api/v1/doctor", r -> answer(r, 200, document(findings(Instant.now()))));
  }

  private List<Finding> findings(Instant now) throws InterruptedException {
    List<Finding> all = new ArrayList<>(fleet.examine());
    all.addAll(host.findings(fleet.sources(), now));
    all.addAll(tenantHealth.findings(now));
    peers.ask().forEach(peer -> all.addAll(PeerHealth.findings(peer, now)));
    all.addAll(failover.get());
    scrapes.finding(now).ifPresent(all::add);
    return all;
  }

  /** What is worst first. */
  static ObjectNode document(List<Finding> findings) {
    List<Finding> ordered = findings.stream().sorted(Comparator.comparing(Finding::severity)).toList();
    ObjectNode node =
        Json.document("Doctor")
            .put("ok", ordered.stream().noneMatch(Finding::isError))
            .put("errors", count(ordered, Severity.ERROR))
            .put("warnings", count(ordered, Severity.WARN));
    Documents.findings(node, ordered);
    return node;
  }

  private static long count(List<Finding> findings, Severity severity) {
    return findings.stream().filter(f -> f.severity() == severity).count();
  }
}
