package io.helios.repl.runbook;

import io.helios.repl.config.YamlNode.Items;
import io.helios.repl.runbook.Condition.Test;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonPointer;

/** Reads what a wait waits for and a check expects. Pure but for the findings. */
final class ConditionReader {

  private static final String FORM = "{ exit: 0 }, or { json: /lagSeconds, below: 1 }";

  private ConditionReader() {}

  /** Null where it is wrong, which is then among the findings. */
  static @Nullable Condition read(Keys keys) {
    List<String> subjects = keys.present("exit", "json");
    List<String> tests = keys.present(Arrays.stream(Test.values()).map(Test::word).toArray(String[]::new));
    if (subjects.size() != 1) {
      keys.wrong("exit", "a condition has " + (subjects.isEmpty() ? "neither" : "both") + " of exit and json", "it is about one thing", FORM);
      return null;
    }
    if (subjects.getFirst().equals("exit")) {
      if (!tests.isEmpty()) {
        keys.wrong(tests.getFirst(), tests.getFirst() + ": is not about an exit code", "exit: names the codes that are right", "exit: [0, 7]");
      }
      return exit(keys);
    }
    if (tests.size() != 1) {
      keys.wrong(
          "json",
          tests.isEmpty() ? "json: is compared with nothing" : "json: is compared with " + String.join(" and ", tests),
          "a condition has one of equals, not-equals, below, above, in, exists",
          FORM);
      return null;
    }
    return json(keys, tests.getFirst());
  }

  private static @Nullable Condition exit(Keys keys) {
    List<Integer> codes = new ArrayList<>();
    for (String text : values(keys, "exit")) {
      if (text.matches("\\d{1,3}") && Integer.parseInt(text) <= 255) {
        codes.add(Integer.valueOf(text));
      } else {
        keys.wrong("exit", "\"" + Keys.shown(text) + "\" is no exit code", "they go from 0 to 255", "exit: 0");
        return null;
      }
    }
    return new Condition.Exit(List.copyOf(codes));
  }

  private static @Nullable Condition json(Keys keys, String word) {
    String pointer = keys.text("json");
    if (pointer == null) {
      return null;
    }
    try {
      JsonPointer.compile(pointer);
    } catch (IllegalArgumentException e) {
      keys.wrong("json", "\"" + Keys.shown(pointer) + "\" is no JSON pointer", "it begins with a slash: RFC 6901", "json: /state");
      return null;
    }
    Test test = Arrays.stream(Test.values()).filter(t -> t.word().equals(word)).findFirst().orElseThrow();
    List<String> values = test == Test.IN ? values(keys, word) : single(keys, word);
    if (values.isEmpty()) {
      return null;
    }
    String value = values.getFirst();
    if (test == Test.EXISTS && !value.equals("true") && !value.equals("false")) {
      keys.wrong(word, "exists: is neither true nor false", "\"" + Keys.shown(value) + "\" is no truth", "exists: true");
      return null;
    }
    if ((test == Test.BELOW || test == Test.ABOVE) && Placeholders.in(value).isEmpty() && Condition.number(value).isEmpty()) {
      keys.wrong(word, word + ": is no number", "\"" + Keys.shown(value) + "\" cannot be compared", word + ": 1.0");
      return null;
    }
    return new Condition.Json(pointer, test, values);
  }

  private static List<String> single(Keys keys, String key) {
    String text = keys.text(key);
    return text == null ? List.of() : List.of(text);
  }

  /** A single text, or a list of them. */
  private static List<String> values(Keys keys, String key) {
    return keys.node(key) instanceof Items ? keys.texts(key, key + ": [a, b]") : single(keys, key);
  }
}
