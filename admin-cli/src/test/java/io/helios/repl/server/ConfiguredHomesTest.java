package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.config.ConfigurationInput;
import io.helios.repl.config.ConfigurationLoader;
import io.helios.repl.config.LoadedConfiguration;
import io.helios.repl.error.OperatorException;
import io.helios.repl.migration.traffic.HomeAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfiguredHomesTest {

  @TempDir Path directory;

  private ConfiguredHomes homes(String traffic) throws IOException {
    Path pem = Files.writeString(directory.resolve("any.pem"), "");
    String yaml =
        """
        region: us-east-1
        data-dir: %s
        tls: { certificate: %s, key: %s }
        peers: { eu-central-1: { url: "https://eu:7400", ca: %s } }
        targets: { near: { url: "postgresql://h@db.internal:5433/shop" } }
        traffic: [ %s ]
        """.formatted(directory, pem, pem, pem, traffic);
    LoadedConfiguration loaded =
        ConfigurationLoader.load(
            new ConfigurationInput(Files.writeString(directory.resolve("helios-repl.yaml"), yaml), Map.of(), Map.of()));
    return new ConfiguredHomes(Objects.requireNonNull(loaded.configuration(), () -> loaded.problems().toString()));
  }

  @Test
  void whatIsConfiguredHereIsKnownFromItsUrl() throws IOException {
    assertThat(homes("").apply("near")).isEqualTo(new HomeAddress("near", "us-east-1", "db.internal", 5433, "shop"));
    assertThatThrownBy(() -> homes("").apply("far")).isInstanceOf(OperatorException.class).hasMessageContaining("no source or target \"far\"");
  }

  /** Half an address would send clients astray. */
  @Test
  void anotherRegionsTargetIsKnownOnceEverySwitchIsToldAllOfIt() throws IOException {
    String told = "{ command: { run: [/bin/true], homes: { \"eu-central-1/shop\": { host: db-eu, port: 5432, database: shop } } } }";
    String half = "{ command: { run: [/bin/true], homes: { \"eu-central-1/shop\": { database: shop } } } }";
    assertThat(homes(told).apply("eu-central-1/shop").region()).isEqualTo("eu-central-1");
    for (String traffic : new String[] {"", half, told + ", " + half, told + ", { command: { run: [/bin/true] } }"}) {
      assertThatThrownBy(() -> homes(traffic).apply("eu-central-1/shop"))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("nothing says how clients reach \"eu-central-1/shop\"");
    }
  }
}
