package io.helios.repl.tests.cli;

import io.helios.repl.server.FleetMaker;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Ports;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.fixture.RegionCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/**
 * A server in region {@code us} with a source and one in region {@code eu} with a target, which know each other by certificates. What
 * the first one's operator types has a context for it.
 */
final class TwoRegions implements AutoCloseable {

  final TestServer us;
  final TestServer eu;
  private final Path directory;
  private final Path ca;
  private final int usPort = Ports.free();
  private final int euPort = Ports.free();
  private int seenUsPort = usPort;
  private int seenEuPort = euPort;

  TwoRegions(Path directory) {
    this(directory, Database.create(Postgres.shared(17, "source")));
  }

  /** @param source of the first one; empty, and somebody else's to end */
  TwoRegions(Path directory, Database source) {
    try {
      this.directory = directory;
      ca = RegionCertificates.authority(directory, "ca");
      RegionCertificates.issue(directory, "us", "us", ca, Instant.now());
      RegionCertificates.issue(directory, "eu", "eu", ca, Instant.now());
      us = new TestServer(Files.createDirectories(directory.resolve("us-server")), FleetMaker.standard(Map.of()), source);
      eu = new TestServer(Files.createDirectories(directory.resolve("eu-server")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    restartEu();
    restartUs();
  }

  /** Home of the tenants. */
  Database source() {
    return us.source;
  }

  Database target() {
    return eu.target;
  }

  void restartUs() {
    us.restart(with(us, "us", usPort, "eu", seenEuPort));
    try {
      Path folder = Files.createDirectories(directory.resolve("helios-repl"));
      Files.writeString(folder.resolve("contexts.yaml"), "contexts: { %s, %s }\n".formatted(context("us", us), context("eu", eu)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String context(String region, TestServer server) throws IOException {
    Path token = Files.writeString(directory.resolve(region + ".token"), server.server().token());
    return "%s: { server: '%s', token-file: '%s', ca: '%s' }"
        .formatted(region, server.server().address(), token, ca);
  }

  void restartEu() {
    eu.restart(euYaml("regions: [us]"));
  }

  /** With other words for who may use its target. */
  void restartEu(String regions) {
    eu.restart(euYaml(regions));
  }

  /** From their next starts on each reaches the other one there. */
  void seenAt(int usFromEu, int euFromUs) {
    seenUsPort = usFromEu;
    seenEuPort = euFromUs;
  }

  int usPort() {
    return usPort;
  }

  int euPort() {
    return euPort;
  }

  private String euYaml(String regions) {
    String yaml = with(eu, "eu", euPort, "us", seenUsPort);
    return yaml.replace("shop-eu: { url: \"" + eu.target.uri() + "\" }", "shop-eu: { url: \"" + eu.target.uri() + "\", " + regions + " }");
  }

  private String with(TestServer server, String region, int port, String peer, int peerPort) {
    return server.yaml().replace("127.0.0.1:0", "127.0.0.1:" + port)
        + "region: %s\ntls: { certificate: %s, key: %s }\npeers: { %s: { url: \"https://127.0.0.1:%d\", ca: %s } }\n"
            .formatted(region, directory.resolve(region + ".crt"), directory.resolve(region + ".key"), peer, peerPort, ca);
  }

  /** A command to the first server. */
  TestServer.Ran run(String... arguments) {
    return runAt("us", arguments);
  }

  /** A command to the server of that region. */
  TestServer.Ran runAt(String region, String... arguments) {
    return us.run(
        Map.of("HELIOS_SERVER", "", "HELIOS_CONTEXT", region, "XDG_CONFIG_HOME", directory.toString()), arguments);
  }

  /** One that has to succeed. */
  TestServer.Ran done(String... arguments) {
    TestServer.Ran ran = run(arguments);
    if (ran.code() != 0) {
      throw new AssertionError(String.join(" ", arguments) + " ended with " + ran.code() + "\n" + ran.out() + ran.err());
    }
    return ran;
  }

  @Override
  public void close() {
    us.close();
    eu.close();
  }
}
