package io.helios.repl.client;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;

/**
 * One thing that is wrong, as told to whoever runs a command. The code is text, for a server may know more than we do.
 *
 * @param code for example {@code HR-2103}
 */
public record Failure(String code, String message, String why, String hint) {

  public static Failure of(Problem problem) {
    return new Failure(problem.code().id(), problem.message(), problem.why(), problem.hint());
  }

  public static Failure of(ErrorCode code, String message, String why, String hint) {
    return new Failure(code.id(), message, why, hint);
  }

  /** The three lines that a terminal shows; lines of a longer hint are set under its first. */
  public String text() {
    StringBuilder text = new StringBuilder("error ").append(code).append(": ").append(message);
    if (!why.isEmpty()) {
      text.append("\n  why:  ").append(why.replace("\n", "\n        "));
    }
    if (!hint.isEmpty()) {
      text.append("\n  hint: ").append(hint.replace("\n", "\n        "));
    }
    return text.toString();
  }
}
