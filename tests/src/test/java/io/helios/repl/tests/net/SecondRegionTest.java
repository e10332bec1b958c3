package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant whose source is in one region and whose target is in another one, where that region's server applies it. */
class SecondRegionTest {

  @TempDir Path directory;

  private FaultProxy toUs;
  private FaultProxy toEu;
  private TwoRegions two;

  @BeforeEach
  void start() throws Exception {
    two =
        new TwoRegions(
            directory,
            port -> {
              FaultProxy proxy = new FaultProxy(port);
              if (toUs == null) {
                toUs = proxy;
              } else {
                toEu = proxy;
              }
              return proxy.port();
            });
    two.insert("acme", 1, 100);
    two.insert("globex", 1, 100);
    two.startEu();
    two.startUs();
  }

  @AfterEach
  void stop() {
    two.close();
    toUs.close();
    toEu.close();
  }

  @Test
  void aTenantStreamsToTheOtherRegionWhereItsServerAppliesIt() throws Exception {
    UUID acme = two.stream("acme");
    two.insert("acme", 101, 200);
    two.source.execute("UPDATE orders SET note = 'changed' WHERE tenant_id = 'acme' AND id <= 50", "DELETE FROM orders WHERE id = 60");
    two.arrives("acme");
    assertThat(two.home().status(acme).error()).isNull();
    assertThat(two.target.query("SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE '%apply%'"))
        .isNotEmpty();
  }
}
