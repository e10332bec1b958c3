package io.helios.repl.tui;

import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import io.helios.repl.tui.model.Keys;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.Wish;
import java.util.ArrayList;
import java.util.List;

/** Presses keys and keeps what they wish for. */
final class Typist {

  private final Keys keys;
  final List<Wish> wishes = new ArrayList<>();

  private Typist(Keys keys) {
    this.keys = keys;
  }

  static Typist on(Model model) {
    return new Typist(new Keys(model));
  }

  /** A line feed is Enter. */
  Typist type(String text) {
    for (char c : text.toCharArray()) {
      press(c == '\n' ? new KeyStroke(KeyType.Enter) : new KeyStroke(c, false, false));
    }
    return this;
  }

  Typist enter() {
    return press(new KeyStroke(KeyType.Enter));
  }

  Typist escape() {
    return press(new KeyStroke(KeyType.Escape));
  }

  Typist control(char c) {
    return press(new KeyStroke(c, true, false));
  }

  Typist press(KeyStroke key) {
    Wish wish = keys.press(key);
    if (wish != null) {
      wishes.add(wish);
    }
    return this;
  }
}
