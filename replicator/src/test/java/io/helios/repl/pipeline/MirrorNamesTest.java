package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.TransientException;
import io.helios.repl.pipeline.BackRoutes.BackRoute;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.Way;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MirrorNamesTest {

  private static final Way NOWHERE =
      patience -> {
        throw new IllegalStateException("nobody connects here");
      };

  @TempDir Path directory;

  private static TargetSettings far(String name) {
    return TargetSettings.of("eu", name, ConnectionSettings.through(NOWHERE, "eu", name));
  }

  private static MirrorNames of(Path directory) {
    return new MirrorNames(directory, new BackRoutes(directory));
  }

  @Test
  void twoInstallationsHaveTwoNamesForAFarTargetAndEachKeepsItsOwn() throws Exception {
    Path one = Files.createDirectory(directory.resolve("one"));
    Path two = Files.createDirectory(directory.resolve("two"));
    String name = of(one).of(far("shop"));
    assertThat(name).matches("helios_eu_shop_shop_[0-9a-f]{8}").isEqualTo(of(one).of(far("shop"))).isNotEqualTo(of(two).of(far("shop")));
  }

  @Test
  void aLongNameKeepsItsMarkAndFits() {
    assertThat(of(directory).of(far("s".repeat(60)))).matches("helios_eu_s+_[0-9a-f]{8}").hasSize(63);
  }

  @Test
  void whoHadMovedTenantsBeforeGoesOnWithTheirSlots() {
    new BackRoutes(directory).keep(new BackRoute(UUID.randomUUID(), "eu/shop", "shop", 2, UUID.randomUUID(), true));
    assertThat(of(directory).of(far("shop"))).isEqualTo("helios_eu_shop_shop").as("also when that one is back").isEqualTo(of(directory).of(far("shop")));
  }

  @Test
  void aDamagedMarkIsNoReasonToTakeAnotherOne() throws Exception {
    Files.writeString(directory.resolve("installation"), "nothing of ours");
    assertThatThrownBy(() -> of(directory).of(far("shop"))).isInstanceOf(TransientException.class).hasMessageContaining("installation");
  }

  @Test
  void aTargetOfThisServerIsKnownByItsDatabase() {
    TargetSettings near = new TargetSettings("shop", ConnectionSettings.through(NOWHERE, "eu", "db"), "here");
    assertThat(of(directory).of(near)).isEqualTo("helios_shop_db");
    assertThat(directory).isEmptyDirectory();
  }
}
