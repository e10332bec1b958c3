package io.helios.repl.tests.bench;

import java.sql.Connection;

/** What a thousand tenants cost that nothing happens to: the heap after a collection, with one tenant and with 1,000. */
final class IdleTenantsBenchmark {

  private static final int MANY = 1000;

  private final Servers servers;

  IdleTenantsBenchmark(Servers servers) {
    this.servers = servers;
  }

  String run(HeliosRepl engine) throws Exception {
    long one = heapWith(engine, 1);
    long many = heapWith(engine, MANY);
    String text =
        """
        | tenants that stream and idle | heap in use after a collection |
        | ---: | ---: |
        | 1 | %s MiB |
        | %s | %s MiB |
        """
            .formatted(Figures.millis(one / 1048576.0), Figures.thousands(MANY), Figures.millis(many / 1048576.0));
    System.out.print(text);
    return text;
  }

  private long heapWith(HeliosRepl engine, int tenants) throws Exception {
    DatabasePair pair = servers.newPair(tenants);
    try (Connection source = pair.connectSource()) {
      BenchTable.create(source);
      BenchTable.fill(source, tenants, 2);
    }
    engine.prepare(pair);
    try {
      engine.start();
      engine.awaitStreaming();
      return engine.heap();
    } finally {
      engine.stop();
      servers.drop(pair);
    }
  }
}
