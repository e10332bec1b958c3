package io.helios.repl.runbook;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code {name}} in a text of a runbook. {@code {{name}}} is the text {@code {name}} itself; every other brace is a brace.
 * What is put in stays inside its argument. Pure.
 */
final class Placeholders {

  /** The value at hand in a step that is {@code for-each}. */
  static final String EACH = "each";

  private static final Pattern TOKEN = Pattern.compile("\\{(\\{[a-z][a-z0-9-]*\\})\\}|\\{([a-z][a-z0-9-]*)\\}");

  private Placeholders() {}

  static Set<String> in(String text) {
    Set<String> names = new LinkedHashSet<>();
    TOKEN.matcher(text).results().filter(m -> m.group(2) != null).forEach(m -> names.add(m.group(2)));
    return names;
  }

  /** Each of the text's names has a value. */
  static String fill(String text, Map<String, String> values) {
    return TOKEN
        .matcher(text)
        .replaceAll(
            m ->
                Matcher.quoteReplacement(
                    m.group(1) != null
                        ? m.group(1)
                        : Objects.requireNonNull(values.get(m.group(2)), () -> "no value for " + m.group(2))));
  }
}
