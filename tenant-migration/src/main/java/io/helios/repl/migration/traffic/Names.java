package io.helios.repl.migration.traffic;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;

/** Keys of tenants are anything; a line of a file, an environment variable and a header take less. */
final class Names {

  private Names() {}

  /** Throws {@link OperatorException} for a text that holds a control character. */
  static String check(String text, String what) {
    if (text.isEmpty() || text.chars().anyMatch(Character::isISOControl)) {
      throw new OperatorException(new Problem(
          ErrorCode.TRAFFIC_NAME_UNFIT,
          "a move's " + what + (text.isEmpty() ? " is empty" : " holds a control character"),
          "no alias, line or environment variable can carry it",
          "name the alias by {tenant}, whose names are plain"));
    }
    return text;
  }
}
