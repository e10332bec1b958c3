package io.helios.repl.tests.cli;

import io.helios.repl.server.FleetMaker;
import io.helios.repl.server.HeliosServer;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.EtcdCluster;
import io.helios.repl.tests.net.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A server that owns a source and a target, and two witnesses; they agree in etcd. Between any of the three and anything that it
 * speaks to is a line of its own that can be cut; clients have better ones. Verdicts are as fast as a test wants them.
 */
final class ObservedRegions implements AutoCloseable {

  /** Of one observer. */
  record Lines(FaultProxy source, FaultProxy target, FaultProxy etcd) {

    List<FaultProxy> all() {
      return List.of(source, target, etcd);
    }
  }

  private static final String FAILOVER =
      """
      coordination: etcd
      etcd: { endpoints: ["http://127.0.0.1:%d"], prefix: "/%s/", timeout: 1s }
      failover:
        observer: %s
        observers: 3
        probe-timeout: 500ms
        refused-after: 500ms
        silent-after: 1s
        unanswered-after: 2s
        steady-for: 1s
      """;

  private static final String WITNESS =
      """
      listen: 127.0.0.1:0
      data-dir: %s
      region: %s
      %s  observe:
          shop: { url: "%s", region: us }
          shop-eu: { url: "%s", region: us }
      """;

  final TestServer owner;
  final Lines ours;
  final List<Lines> witnesses = new ArrayList<>();
  private final EtcdCluster etcd;
  private final String prefix = UUID.randomUUID().toString();
  private final List<HeliosServer> others = new ArrayList<>();

  /** @param etcd somebody else's to close */
  ObservedRegions(Path directory, EtcdCluster etcd) {
    this.etcd = etcd;
    this.owner = new TestServer(made(directory.resolve("owner")));
    this.ours = lines();
    owner.restart(
        through(ours.source, owner.source, through(ours.target, owner.target, owner.yaml()))
            + "region: us\n" + failover("us", ours));
    for (String name : List.of("first", "second")) {
      Lines lines = lines();
      witnesses.add(lines);
      String yaml =
          WITNESS.formatted(directory.resolve(name).resolve("data"), name, failover(name, lines), owner.source.uri(), owner.target.uri());
      yaml = through(lines.source, owner.source, through(lines.target, owner.target, yaml));
      Path own = made(directory.resolve(name));
      others.add(
          HeliosServer.start(
              TestServer.configuration(own, yaml), FleetMaker.standard(Map.of()),
              Map.of("XDG_STATE_HOME", own.resolve("state").toString())));
    }
  }

  private Lines lines() {
    return new Lines(
        new FaultProxy(port(true)), new FaultProxy(port(false)), new FaultProxy(etcd.port(0)));
  }

  private int port(boolean source) {
    return (source ? owner.source : owner.target).server().port();
  }

  private String failover(String observer, Lines lines) {
    return FAILOVER.formatted(lines.etcd.port(), prefix, observer);
  }

  private static String through(FaultProxy line, Database database, String yaml) {
    return yaml.replace(database.uri(), "postgresql://postgres@127.0.0.1:" + line.port() + "/" + database.name());
  }

  private static Path made(Path directory) {
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    List<FaultProxy> lines = new ArrayList<>(ours.all());
    witnesses.forEach(w -> lines.addAll(w.all()));
    lines.forEach(FaultProxy::heal);
    others.forEach(HeliosServer::close);
    owner.close();
    lines.forEach(FaultProxy::close);
  }
}
