package io.helios.repl.tui.model;

/** A line that is being typed at the bottom. */
public record Prompt(Kind kind, String text) {

  /** What becomes of it. */
  public enum Kind {
    FILTER('/'),
    COMMAND(':');

    private final char sign;

    Kind(char sign) {
      this.sign = sign;
    }

    public char sign() {
      return sign;
    }
  }
}
