package io.helios.repl.client;

import io.helios.repl.tui.Dashboard;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.Charset;
import java.time.Duration;

/** The dashboard on a running server. */
public final class LiveDashboard {

  /**
   * How it is to be opened.
   *
   * @param filter which tenants are listed at first; empty for all
   * @param every how often the fleet is told
   * @param charset the terminal's
   */
  public record Look(boolean readOnly, String filter, Duration every, Charset charset, boolean colours) {}

  /** Runs the dashboard on a terminal, until the operator leaves it. */
  public interface Showing {
    Dashboard.End show(Dashboard dashboard, Dashboard.Servant servant) throws IOException, InterruptedException;
  }

  private LiveDashboard() {}

  /**
   * Returns when the operator leaves it.
   *
   * @throws IOException when there is no terminal
   */
  public static Dashboard.End run(HeliosClient client, Look look) throws IOException, InterruptedException {
    return run(client, look, (dashboard, servant) -> dashboard.run(servant, look.charset(), look.colours()));
  }

  /** Wherever it is shown. */
  public static Dashboard.End run(HeliosClient client, Look look, Showing showing) throws IOException, InterruptedException {
    Dashboard dashboard = new Dashboard(label(client.server()), look.readOnly(), look.filter(), look.every());
    try (DashboardServant servant = new DashboardServant(client, dashboard::tell);
        FleetStream stream = new FleetStream(client, look.every(), dashboard::tell)) {
      stream.start();
      return showing.show(dashboard, servant);
    }
  }

  private static String label(URI server) {
    return server.getRawAuthority();
  }
}
