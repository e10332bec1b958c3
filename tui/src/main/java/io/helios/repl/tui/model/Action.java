package io.helios.repl.tui.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What an operator can have done to tenants from here. */
public enum Action {
  PAUSE(false, "helios-repl tenant pause"),
  RESUME(false, "helios-repl tenant resume"),
  START(false, "helios-repl tenant start"),
  STOP(false, "helios-repl tenant stop"),
  VERIFY(false, "helios-repl verify run"),
  RESYNC(true, "helios-repl tenant resync"),
  DELETE(true, "helios-repl tenant delete");

  private final boolean severe;
  private final String command;

  Action(boolean severe, String command) {
    this.severe = severe;
    this.command = command;
  }

  public static Optional<Action> named(String word) {
    return Arrays.stream(values()).filter(a -> a.word().equals(word)).findFirst();
  }

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether the tenant's name has to be typed. */
  public boolean isSevere() {
    return severe;
  }

  /** The command that does the same. */
  public String command() {
    return command;
  }
}
