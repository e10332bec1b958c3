package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import com.googlecode.lanterna.terminal.virtual.DefaultVirtualTerminal;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.client.LiveDashboard;
import io.helios.repl.migration.EndFacts;
import io.helios.repl.tui.Dashboard;
import io.helios.repl.tui.screen.Theme;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant is moved with the dashboard's keys: a real server, its store and stream, on a virtual terminal; the arbiter's rows are on paper. */
class TopMovesTest {

  @TempDir private Path directory;

  /** Lanterna's own holds its lock while it waits for a key, so nothing could be drawn meanwhile. */
  private static final class TypedTerminal extends DefaultVirtualTerminal {

    private final BlockingQueue<KeyStroke> typed = new LinkedBlockingQueue<>();

    TypedTerminal() {
      super(new TerminalSize(120, 40));
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // that is what it is for
    public KeyStroke readInput() {
      try {
        return typed.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new KeyStroke(KeyType.EOF);
      }
    }

    void type(String text) {
      text.chars().forEach(c -> typed.add(c == '\n' ? new KeyStroke(KeyType.Enter) : new KeyStroke((char) c, false, false)));
    }

    String text() {
      StringBuilder text = new StringBuilder();
      for (int row = 0; row < 40; row++) {
        for (int column = 0; column < 120; column++) {
          text.append(getCharacter(column, row).getCharacterString());
        }
        text.append('\n');
      }
      return text.toString();
    }
  }

  private final PaperEnds ends = new PaperEnds();
  private final TypedTerminal terminal = new TypedTerminal();

  private void awaitScreen(String... texts) {
    await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(terminal.text()).contains(List.of(texts)));
  }

  @Test
  void aTenantIsMovedWithKeysAndItsMigrationIsSeenOnItsWay() throws Exception {
    try (TestServer server = new TestServer(directory, ends)) {
      server.done("tenant", "create", "acme", "--source", "shop", "--target", "shop-eu");
      ends.seen = new EndFacts.Seen(Duration.ofMinutes(3), List.of(), null);
      HeliosClient client = HeliosClient.to(server.server().address(), server.server().token());
      LiveDashboard.Look look = new LiveDashboard.Look(false, "", Duration.ofMillis(200), StandardCharsets.UTF_8, true);
      CompletableFuture<Dashboard.End> end = CompletableFuture.supplyAsync(() -> run(client, look));

      awaitScreen("1 tenant:", "1 new", "m migrate");
      terminal.type("2");
      awaitScreen("no tenant has been moved yet", "0 migrations");
      terminal.type("1m");
      awaitScreen("migrate acme would", "wait for helios-repl migrate cutover acme", "y does it");
      terminal.type("y2");
      awaitScreen("READY", "c cutover", "ready: verified, and close behind", "next: helios-repl migrate cutover acme");

      awaitScreen("gates, seen", "1 closed", "x long-transaction HR-7203");
      terminal.type("c");
      awaitScreen("cutover acme was refused", "HR-7203");
      ends.seen = EndFacts.Seen.NOTHING_IN_THE_WAY;
      ends.delivers = false;
      terminal.type("\nc");
      awaitScreen("type acme to go on");
      terminal.type("acme\n");
      awaitScreen("UNDONE", "HR-7110", "1 undone", "cutover acme: HR-7110", "ready: the target will never take the epoch");
      ends.delivers = true;
      terminal.type("c");
      awaitScreen("type acme to go on");
      terminal.type("acme\n");
      awaitScreen("SWITCHED", "there  ", "e = complete, or b = rollback", "cutover acme: its home is shop-eu, writers waited");
      assertThat(ends.calls).contains("turn acme");

      terminal.type(":complete acme\n");
      awaitScreen("complete acme would", "type acme to go on");
      terminal.type("acme\n");
      awaitScreen("COMPLETED", "its home is shop-eu for good", "1 completed");

      server.server().close();
      awaitScreen("SERVER GONE", "COMPLETED");
      terminal.type("q");
      assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo(Dashboard.End.LEFT);
    }
  }

  private Dashboard.End run(HeliosClient client, LiveDashboard.Look look) {
    try (client) {
      return LiveDashboard.run(client, look, (dashboard, servant) -> dashboard.run(servant, terminal, new Theme(true, true)));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
