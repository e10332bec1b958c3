package io.helios.repl.runbook;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;

/** What has to be so of a command's exit code or of the JSON that it prints. Pure. */
public sealed interface Condition {

  /** It ends with one of these. */
  record Exit(List<Integer> codes) implements Condition {}

  /**
   * A value of what it prints.
   *
   * @param pointer a JSON pointer (RFC 6901)
   * @param values one, but for {@link Test#IN}
   */
  record Json(String pointer, Test test, List<String> values) implements Condition {

    boolean holdsOf(JsonNode found) {
      boolean there = !found.isMissingNode() && !found.isNull();
      String value = values.getFirst();
      return switch (test) {
        case EXISTS -> there == Boolean.parseBoolean(value);
        case EQUALS -> there && same(found.asString(""), value);
        case NOT_EQUALS -> there && !same(found.asString(""), value);
        case IN -> there && values.stream().anyMatch(v -> same(found.asString(""), v));
        case BELOW -> found.isNumber() && order(found, value) < 0;
        case ABOVE -> found.isNumber() && order(found, value) > 0;
      };
    }
  }

  /** How a value is compared. Numbers as numbers where both are, everything else as text. */
  enum Test {
    EQUALS,
    NOT_EQUALS,
    BELOW,
    ABOVE,
    IN,
    EXISTS;

    /** As it is written in a runbook. */
    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Whether it holds.
   *
   * @param document what was printed; null where that is no JSON
   */
  default boolean holds(int exit, @Nullable JsonNode document) {
    return switch (this) {
      case Exit e -> e.codes.contains(exit);
      case Json j -> document != null && j.holdsOf(document.at(JsonPointer.compile(j.pointer)));
    };
  }

  default Condition with(UnaryOperator<String> change) {
    return switch (this) {
      case Exit e -> e;
      case Json j -> new Json(change.apply(j.pointer), j.test, j.values.stream().map(change).toList());
    };
  }

  default String text() {
    return switch (this) {
      case Exit e -> "exit code " + String.join(" or ", e.codes.stream().map(String::valueOf).toList());
      case Json j -> j.pointer + " " + j.test.word() + " " + String.join(", ", j.values);
    };
  }

  /** A number as it is written. */
  static Optional<BigDecimal> number(String text) {
    try {
      return Optional.of(new BigDecimal(text.strip()));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static boolean same(String a, String b) {
    Optional<BigDecimal> left = number(a);
    Optional<BigDecimal> right = number(b);
    return (left.isPresent() && right.isPresent()) ? left.get().compareTo(right.get()) == 0 : a.equals(b);
  }

  private static int order(JsonNode found, String value) {
    return new BigDecimal(found.asString()).compareTo(new BigDecimal(value.strip()));
  }
}
