package io.helios.repl.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.Problem;
import io.helios.repl.failover.FailoverSettings;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.failover.coordination.CoordinationSettings;
import io.helios.repl.failover.observation.Endpoint;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailoverReaderTest {

  @TempDir Path directory;

  private LoadedConfiguration load(String yaml) throws Exception {
    Path file = Files.writeString(directory.resolve("helios-repl.yaml"), yaml.replace("DIR", directory.toString()));
    return ConfigurationLoader.load(new ConfigurationInput(file, Map.of(), Map.of()));
  }

  private ServerConfiguration loaded(String yaml) throws Exception {
    LoadedConfiguration loaded = load(yaml);
    assertThat(loaded.problems()).isEmpty();
    return Objects.requireNonNull(loaded.configuration());
  }

  @Test
  void withoutAWordOneServerAgreesWithItself() throws Exception {
    ServerConfiguration configuration = loaded("region: eu");
    assertThat(configuration.coordination()).isEqualTo(new CoordinationSettings.Local());
    assertThat(configuration.failover()).isEqualTo(FailoverSettings.of("eu"));
  }

  @Test
  void everythingMayBeSaid() throws Exception {
    for (String file : List.of("ca.crt", "our.crt", "our.key", "etcd.pw")) {
      Files.writeString(directory.resolve(file), "x");
    }
    ServerConfiguration configuration =
        loaded(
            """
            region: eu
            coordination: etcd
            etcd: { endpoints: ["https://a:2379", "https://b:2379"], ca: DIR/ca.crt, certificate: DIR/our.crt, key: DIR/our.key,
              username: helios, password-file: DIR/etcd.pw, prefix: /prod/, timeout: 1s }
            failover: { observer: witness-1, observers: 3, probe-every: 100ms, refused-after: 500ms, fencing: lease, lease: 3s,
              sources-per-hour: 0, max-unreplicated-bytes: 1MiB,
              observe: { shop: { url: "postgresql://a@10.0.0.1/shop", region: us }, near: { url: "postgresql://a@10.0.0.2/shop" } } }
            """);
    assertThat(configuration.coordination())
        .isEqualTo(
            new CoordinationSettings.Etcd(
                List.of(URI.create("https://a:2379"), URI.create("https://b:2379")),
                directory.resolve("ca.crt"),
                directory.resolve("our.crt"),
                directory.resolve("our.key"),
                "helios",
                directory.resolve("etcd.pw"),
                "/prod/",
                Duration.ofSeconds(1)));
    FailoverSettings failover = configuration.failover();
    assertThat(failover.observer()).isEqualTo("witness-1");
    assertThat(failover.observers()).isEqualTo(3);
    assertThat(failover.thresholds().refused()).isEqualTo(Duration.ofMillis(500));
    assertThat(failover.fencing()).isEqualTo(Fencing.LEASE);
    assertThat(failover.brakes().sourcesPerHour()).isZero();
    assertThat(failover.observed()).extracting(Endpoint::id).containsExactly("us/shop", "eu/near");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      coordination: etcd                                                                            | nothing says where etcd is
      coordination: zookeeper                                                                       | does not have the form
      etcd: { endpoints: ["http://a:1"] }                                                           | coordination: is local
      coordination: etcd\\netcd: { endpoints: ["a:2379"] }                                          | does not have the form
      coordination: etcd\\netcd: { endpoints: ["http://a"] }                                        | does not have the form
      coordination: etcd\\netcd: { endpoints: ["http://a:1", "https://b:1"] }                       | speaks to all members alike
      coordination: etcd\\netcd: { endpoints: ["http://a:1"], username: u }                         | one of them is missing
      coordination: etcd\\netcd: { endpoints: ["https://a:1"], ca: /nowhere }                       | is missing, empty, or not readable
      failover: { probe-every: 10ms }                                                               | must not decide
      failover: { refused-after: 300ms }                                                            | must not decide
      failover: { votes-fresh-for: 400ms }                                                          | must not decide
      failover: { observers: 0 }                                                                    | does not have the form
      failover: { fencing: none }                                                                   | does not have the form
      failover: { observe: { a b: { url: "postgresql://a@b/c" } } }                                 | letters, digits
      """)
  void whatCannotBeMeantIsRefused(String yaml, String why) throws Exception {
    assertThat(load(yaml.replace("\\n", "\n")).problems()).extracting(Problem::why).anySatisfy(w -> assertThat(w).contains(why));
  }
}
