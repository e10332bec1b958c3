package io.helios.repl.tui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import com.googlecode.lanterna.terminal.virtual.DefaultVirtualTerminal;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.model.Watched;
import io.helios.repl.tui.model.Wish;
import io.helios.repl.tui.screen.Theme;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The loop, its keys and its screen on a virtual terminal. */
class DashboardTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Lanterna's own holds its lock while it waits for a key, so nothing could be drawn meanwhile. */
  private static final class TypedTerminal extends DefaultVirtualTerminal {

    private final BlockingQueue<KeyStroke> typed = new LinkedBlockingQueue<>();

    TypedTerminal() {
      super(new TerminalSize(80, 24));
    }

    @Override
    public void addInput(KeyStroke key) {
      typed.add(key);
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
  }

  private final DefaultVirtualTerminal terminal = new TypedTerminal();
  private final Dashboard dashboard = new Dashboard("prod", false, "", Duration.ofSeconds(1));
  private final List<Object> asked = new CopyOnWriteArrayList<>();
  private final Dashboard.Servant servant =
      new Dashboard.Servant() {
        @Override
        public void carryOut(Wish wish) {
          asked.add(wish);
        }

        @Override
        public void watch(@Nullable Watched shown) {
          asked.add(String.valueOf(shown));
        }
      };

  private CompletableFuture<Dashboard.End> start() {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return dashboard.run(servant, terminal, new Theme(true, true));
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private void type(char c) {
    terminal.addInput(new KeyStroke(c, false, false));
  }

  private void awaitScreen(String text) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(GoldenScreen.text(terminal)).contains(text));
  }

  @Test
  void newsAreDrawnKeysAreObeyedAndTheTerminalComesBack() throws Exception {
    CompletableFuture<Dashboard.End> end = start();
    awaitScreen("waiting for the first news from prod");
    dashboard.tell(new News.Connected());
    dashboard.tell(new News.Told(SampleFleet.update(SampleFleet.NOW, SampleFleet.tenants())));
    awaitScreen("HR-3107 target rejected a row");
    terminal.addInput(new KeyStroke(KeyType.Enter));
    await().atMost(PATIENCE).until(() -> asked.contains("Stages[tenant=tenant-009]"));
    dashboard.tell(new News.Piped(SampleFleet.pipeline("tenant-009")));
    awaitScreen("blocked by pid 8812");
    type('p');
    await().atMost(PATIENCE).until(() -> asked.contains(new Wish.Plan(Action.PAUSE, List.of("tenant-009"))));
    dashboard.tell(new News.Planned(Action.PAUSE, List.of(new News.TenantPlan("tenant-009", List.of("stop applying")))));
    awaitScreen("- stop applying");
    type('y');
    await().atMost(PATIENCE).until(() -> asked.contains(new Wish.CarryOut(Action.PAUSE, List.of("tenant-009"))));
    type('q');
    type('q');
    assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo(Dashboard.End.LEFT);
    assertThat(GoldenScreen.text(terminal)).as("what was there before").isBlank();
  }

  @Test
  void theSizeMayChangeAtAnyTime() throws Exception {
    CompletableFuture<Dashboard.End> end = start();
    dashboard.tell(new News.Told(SampleFleet.update(SampleFleet.NOW, SampleFleet.tenants())));
    awaitScreen("hint: helios-repl tenant errors");
    terminal.setTerminalSize(new TerminalSize(120, 40));
    awaitScreen("[1 Tenants]");
    terminal.setTerminalSize(new TerminalSize(30, 6));
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(GoldenScreen.text(terminal)).contains("tenant-009").doesNotContain("[1 Tenants]"));
    terminal.setTerminalSize(new TerminalSize(80, 24));
    awaitScreen("hint: helios-repl tenant errors");
    terminal.addInput(new KeyStroke('c', true, false));
    assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo(Dashboard.End.INTERRUPTED);
  }

  @Test
  void aDefectStillGivesTheTerminalBack() throws Exception {
    Theme broken = new Theme(true, true);
    CompletableFuture<Dashboard.End> end =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return dashboard.run(
                    new Dashboard.Servant() {
                      @Override
                      public void carryOut(Wish wish) {
                        throw new IllegalStateException("a defect");
                      }

                      @Override
                      public void watch(@Nullable Watched shown) {}
                    },
                    terminal,
                    broken);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    dashboard.tell(new News.Told(SampleFleet.update(SampleFleet.NOW, SampleFleet.tenants())));
    awaitScreen("HR-3107");
    type('p');
    await().atMost(PATIENCE).until(end::isCompletedExceptionally);
    assertThat(GoldenScreen.text(terminal)).isBlank();
  }
}
