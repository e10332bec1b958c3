package io.helios.repl.tui;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import com.googlecode.lanterna.screen.Screen;
import com.googlecode.lanterna.screen.TerminalScreen;
import com.googlecode.lanterna.terminal.Terminal;
import io.helios.repl.tui.model.Filter;
import io.helios.repl.tui.model.Keys;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.model.Watched;
import io.helios.repl.tui.model.Wish;
import io.helios.repl.tui.screen.Screens;
import io.helios.repl.tui.screen.Theme;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Takes keys and news in turn and draws what became of them, at once, and each second besides. The thread that calls
 * {@link #run} owns model and screen; another one only waits for keys.
 */
public final class Dashboard {

  private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Who carries out what the operator wishes. Called by the dashboard's thread, which it must not hold up. */
  public interface Servant {
    void carryOut(Wish wish);

    /** What is shown from now on, and is to be asked for; null for nothing. */
    void watch(@Nullable Watched shown);
  }

  /** How it ended. */
  public enum End {
    LEFT,
    INTERRUPTED
  }

  private sealed interface Input {
    record Key(KeyStroke key) implements Input {}

    record Heard(News news) implements Input {}

    /** The terminal has another size. */
    record Resized() implements Input {}
  }

  private final BlockingQueue<Input> inputs = new LinkedBlockingQueue<>();
  private final long beginNanos = System.nanoTime();
  private final Instant begin = Instant.now();
  private final Model model;
  private final Keys keys;
  private @Nullable Watched watched;
  private boolean redraw = true;

  /**
   * @param server what the operator calls the server
   * @param every how often the server was asked to tell of the fleet
   */
  public Dashboard(String server, boolean readOnly, String filter, Duration every) {
    this.model = new Model(server, readOnly, new Filter(filter), every, begin);
    this.keys = new Keys(model);
  }

  /** Something new. Any thread; never waits. */
  public void tell(News news) {
    inputs.add(new Input.Heard(news));
  }

  /**
   * On the terminal of this process, until the operator leaves it.
   *
   * @param charset of the terminal
   * @throws IOException when there is no terminal
   */
  public End run(Servant servant, Charset charset, boolean colours) throws IOException, InterruptedException {
    try (Terminal terminal = OperatorTerminal.open(charset)) {
      return run(servant, terminal, new Theme(colours, charset.equals(StandardCharsets.UTF_8)));
    }
  }

  /** On any terminal, which it leaves open. */
  public End run(Servant servant, Terminal terminal, Theme theme) throws IOException, InterruptedException {
    TerminalScreen screen = new TerminalScreen(terminal);
    terminal.addResizeListener((t, size) -> inputs.add(new Input.Resized()));
    Thread reader = Thread.ofPlatform().daemon().name("helios-keys").start(() -> read(terminal));
    screen.startScreen();
    try {
      return loop(servant, screen, theme);
    } finally {
      reader.interrupt();
      screen.stopScreen(false);
    }
  }

  private End loop(Servant servant, Screen screen, Theme theme) throws IOException, InterruptedException {
    screen.setCursorPosition(null);
    resize(screen.getTerminalSize());
    long nextTick = System.nanoTime() + TICK_NANOS;
    List<Input> batch = new ArrayList<>();
    while (true) {
      draw(screen, theme);
      batch.clear();
      Input first = inputs.poll(Math.max(0, nextTick - System.nanoTime()), TimeUnit.NANOSECONDS);
      if (first != null) {
        batch.add(first);
        inputs.drainTo(batch);
      }
      if (nextTick - System.nanoTime() <= 0) {
        nextTick = System.nanoTime() + TICK_NANOS;
      }
      model.tick(now());
      for (Input input : batch) {
        End end = take(input, servant);
        if (end != null) {
          return end;
        }
      }
      TerminalSize changed = screen.doResizeIfNecessary();
      if (changed != null) {
        resize(changed);
      }
      if (!Objects.equals(watched, model.watched())) {
        watched = model.watched();
        servant.watch(watched);
      }
    }
  }

  private @Nullable End take(Input input, Servant servant) {
    switch (input) {
      case Input.Heard heard -> model.hear(heard.news());
      case Input.Resized r -> {}
      case Input.Key pressed -> {
        if (pressed.key().isCtrlDown() && Objects.equals(pressed.key().getCharacter(), 'l')) {
          redraw = true; // something else has written to the terminal
        }
        Wish wish = keys.press(pressed.key());
        if (wish instanceof Wish.Quit quit) {
          return quit.interrupted() ? End.INTERRUPTED : End.LEFT;
        }
        if (wish != null) {
          servant.carryOut(wish);
        }
      }
    }
    return null;
  }

  private void resize(TerminalSize size) {
    model.resize(size.getColumns(), size.getRows());
    redraw = true;
  }

  private void draw(Screen screen, Theme theme) throws IOException {
    Screens.render(model, screen.newTextGraphics(), theme);
    // Only what changed: a repaint of all clears first, and flickers.
    screen.refresh(redraw ? Screen.RefreshType.COMPLETE : Screen.RefreshType.DELTA);
    redraw = false;
  }

  /** Does not jump when the machine's clock is set. */
  private Instant now() {
    return begin.plusNanos(System.nanoTime() - beginNanos);
  }

  private void read(Terminal terminal) {
    while (!Thread.currentThread().isInterrupted()) {
      KeyStroke key;
      try {
        key = terminal.readInput();
      } catch (IOException | RuntimeException e) {
        key = new KeyStroke(KeyType.EOF); // a terminal that cannot be read from has gone
      }
      inputs.add(new Input.Key(key));
      if (key.getKeyType() == KeyType.EOF) {
        return;
      }
    }
  }
}
