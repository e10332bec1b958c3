package io.helios.repl.tui.model;

import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import io.helios.repl.tui.fleet.Event.Severity;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What each key does. Owned by the model's thread. */
public final class Keys {

  private static final int MOST_TYPED = 200;

  private final Model model;
  private final Commands commands;
  private Filter filterBefore = Filter.NONE;

  public Keys(Model model) {
    this.model = model;
    this.commands = new Commands(model);
  }

  /** Null when nothing is to be done outside. */
  public @Nullable Wish press(KeyStroke key) {
    if (key.getKeyType() == KeyType.EOF) {
      return new Wish.Quit(true);
    }
    if (key.isCtrlDown() && is(key, 'c')) {
      return new Wish.Quit(true);
    }
    Character character = key.getCharacter();
    if (key.isAltDown() && key.getKeyType() == KeyType.Character && character != null) {
      // Terminals send Alt with a key as Escape and the key; nothing here wants Alt, so it was Escape and a quick key.
      press(new KeyStroke(KeyType.Escape));
      return press(new KeyStroke(character, key.isCtrlDown(), false));
    }
    Dialog dialog = model.dialog();
    if (dialog != null) {
      return inDialog(dialog, key);
    }
    Prompt prompt = model.prompt();
    if (prompt != null) {
      return inPrompt(prompt, key);
    }
    return onScreen(key);
  }

  private @Nullable Wish inDialog(Dialog dialog, KeyStroke key) {
    if (key.getKeyType() == KeyType.Escape) {
      model.dialog(null);
      return null;
    }
    switch (dialog) {
      case Dialog.Help h -> model.dialog(null);
      case Dialog.Refusal r -> {
        if (key.getKeyType() == KeyType.Enter || is(key, 'q')) {
          model.dialog(null);
        }
      }
      case Dialog.Planning p -> {
        if (is(key, 'q') || is(key, 'n')) {
          model.dialog(null);
        }
      }
      case Dialog.Confirming c -> {
        return c.action().isSevere() ? typeName(c, key) : answer(c, key);
      }
    }
    return null;
  }

  private @Nullable Wish answer(Dialog.Confirming asked, KeyStroke key) {
    if (is(key, 'y') || is(key, 'Y')) {
      return confirmed(asked);
    }
    // Not Enter: whoever types ahead must not have said yes.
    if (is(key, 'n') || is(key, 'q')) {
      model.dialog(null);
    }
    return null;
  }

  private @Nullable Wish typeName(Dialog.Confirming asked, KeyStroke key) {
    if (key.getKeyType() == KeyType.Enter) {
      return asked.isTyped() ? confirmed(asked) : null;
    }
    model.dialog(new Dialog.Confirming(asked.action(), asked.plans(), typed(asked.typed(), key)));
    return null;
  }

  private Wish confirmed(Dialog.Confirming asked) {
    model.dialog(null);
    model.clearMarks();
    List<String> tenants = asked.tenants();
    model.notice(Severity.INFO, asked.action().word() + " " + Commands.names(tenants) + ": asked for");
    return new Wish.CarryOut(asked.action(), tenants);
  }

  private @Nullable Wish inPrompt(Prompt prompt, KeyStroke key) {
    switch (key.getKeyType()) {
      case Escape -> {
        model.prompt(null);
        if (prompt.kind() == Prompt.Kind.FILTER) {
          model.filter(filterBefore);
        }
      }
      case Enter -> {
        model.prompt(null);
        if (prompt.kind() == Prompt.Kind.COMMAND) {
          return commands.run(prompt.text());
        }
        new Filter(prompt.text())
            .unknownKey()
            .ifPresent(k -> model.notice(Severity.WARN, "no tenant has a \"" + k + "\"; known are " + Filter.KEYS));
      }
      default -> {
        String text = typed(prompt.text(), key);
        boolean leaving = key.getKeyType() == KeyType.Backspace && prompt.text().isEmpty();
        model.prompt(leaving ? null : new Prompt(prompt.kind(), text));
        if (prompt.kind() == Prompt.Kind.FILTER) {
          model.filter(new Filter(text));
        }
      }
    }
    return null;
  }

  private static String typed(String before, KeyStroke key) {
    Character c = key.getCharacter();
    return switch (key.getKeyType()) {
      case Backspace -> before.isEmpty() ? "" : before.substring(0, before.length() - 1);
      case Character -> {
        if (c == null || key.isAltDown()) {
          yield before;
        }
        if (key.isCtrlDown()) {
          yield c == 'u' ? "" : before;
        }
        yield before.length() < MOST_TYPED ? before + c : before;
      }
      default -> before;
    };
  }

  private @Nullable Wish onScreen(KeyStroke key) {
    switch (key.getKeyType()) {
      case ArrowDown -> model.move(1);
      case ArrowUp -> model.move(-1);
      case PageDown -> model.move(model.page());
      case PageUp -> model.move(-model.page());
      case Home -> model.top();
      case End -> model.moveTo(Integer.MAX_VALUE);
      case ArrowRight, Tab -> model.show(model.tab().next(1));
      case ArrowLeft, ReverseTab -> model.show(model.tab().next(-1));
      case Enter -> enter();
      case Escape -> escape();
      case Character -> {
        Character c = key.getCharacter();
        if (c != null && !key.isAltDown()) {
          return key.isCtrlDown() ? control(c) : character(c);
        }
      }
      default -> {}
    }
    return null;
  }

  private @Nullable Wish control(char c) {
    switch (c) {
      case 'd', 'f' -> model.move(c == 'd' ? Math.max(1, model.page() / 2) : model.page());
      case 'u', 'b' -> model.move(c == 'u' ? -Math.max(1, model.page() / 2) : -model.page());
      case 'n' -> model.move(1);
      case 'p' -> model.move(-1);
      default -> {}
    }
    return null;
  }

  private @Nullable Wish character(char c) {
    switch (c) {
      case 'j' -> model.move(1);
      case 'k' -> model.move(-1);
      case 'g' -> model.top();
      case 'G' -> model.moveTo(Integer.MAX_VALUE);
      case 'd' -> model.open(!model.isOpen());
      case '<' -> model.sort(model.sort().next(-1));
      case '>' -> model.sort(model.sort().next(1));
      case '/' -> {
        filterBefore = model.filter();
        model.show(model.tab().isFiltered() ? model.tab() : Tab.TENANTS);
        model.prompt(new Prompt(Prompt.Kind.FILTER, model.filter().text()));
      }
      case ':' -> model.prompt(new Prompt(Prompt.Kind.COMMAND, ""));
      case '?', 'h' -> model.dialog(new Dialog.Help());
      case 'l' -> model.show(Tab.EVENTS);
      case 'q' -> {
        if (!model.isOpen()) {
          return new Wish.Quit(false);
        }
        model.open(false);
      }
      case ' ' -> {
        if (model.tab() == Tab.TENANTS) {
          model.toggleMark();
          model.move(1);
        }
      }
      case 'R' -> {
        return commands.goOn();
      }
      default -> {
        for (Tab tab : Tab.values()) {
          if (tab.key() == c) {
            model.show(tab);
          }
        }
        Optional<Action> action = Action.keyed(c);
        if (action.isPresent()) {
          return commands.press(action.get());
        }
      }
    }
    return null;
  }

  private void enter() {
    if (model.subject() != null) {
      model.open(true);
    } else if (model.tab() == Tab.EVENTS && !model.events().isEmpty()) {
      String name = model.events().get(model.chosen()).tenant();
      if (name != null) {
        commands.open(name);
      }
    }
  }

  private void escape() {
    if (model.isOpen()) {
      model.open(false);
    } else if (model.tab() != Tab.TENANTS && model.tab().isFiltered() && !model.filter().isNone()) {
      model.filter(Filter.NONE);
    } else if (model.tab() != Tab.TENANTS) {
      model.show(Tab.TENANTS);
    } else if (!model.marked().isEmpty()) {
      model.clearMarks();
    } else if (!model.filter().isNone()) {
      model.filter(Filter.NONE);
    } else {
      model.top();
    }
  }

  private static boolean is(KeyStroke key, char c) {
    Character pressed = key.getCharacter();
    return key.getKeyType() == KeyType.Character && pressed != null && pressed == c;
  }
}
