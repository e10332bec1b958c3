package io.helios.repl.pipeline;

import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.relay.FrameSource;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiConsumer;

/**
 * A source of another region's server, as long as any guest comes from it. Its comings and goings are one thing at a time; else any thread.
 */
final class GuestHome implements AutoCloseable {

  private final String name;
  private final Guests.Home home;
  private final Worker dispatcher;
  private int guests;

  /** @param news told, with this, of tenants that have new frames */
  GuestHome(String name, Guests.Home home, BiConsumer<GuestHome, UUID> news) {
    this.name = name;
    this.home = home;
    Dispatcher dispatching = new Dispatcher(home.frames(), tenant -> news.accept(this, tenant));
    this.dispatcher =
        Worker.start("dispatch-" + name, Map.of("source", name), dispatching::runOnce, () -> {}, bug -> {});
  }

  /** By which its guests know the source: no source of this server's is called so. */
  static String name(String region, String source) {
    return "peer:" + region + "/" + source;
  }

  String name() {
    return name;
  }

  FrameSource frames() {
    return home.frames();
  }

  SourceCatalog catalog() {
    return home.catalog();
  }

  GuestHome joined() {
    guests++;
    return this;
  }

  /** Whether that was the last one; then it closes by itself, without keeping anybody waiting. */
  boolean left() {
    if (--guests > 0) {
      return false;
    }
    Thread.ofVirtual().name("helios-leave-" + name).start(this::close);
    return true;
  }

  @Override
  public void close() {
    dispatcher.askToStop();
    home.close();
    dispatcher.close();
  }
}
