package io.helios.repl.runbook;

import io.helios.repl.config.Durations;
import io.helios.repl.config.Suggestion;
import io.helios.repl.config.TenantNames;
import io.helios.repl.config.YamlNode;
import io.helios.repl.config.YamlNode.Items;
import io.helios.repl.config.YamlNode.Mapping;
import io.helios.repl.config.YamlNode.Scalar;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One mapping of a runbook, read key by key; {@link #close} then finds those that nobody asked for. One thread. */
final class Keys {

  private final Mapping mapping;
  private final List<Finding> findings;
  private final Set<String> asked = new LinkedHashSet<>();

  Keys(Mapping mapping, List<Finding> findings) {
    this.mapping = mapping;
    this.findings = findings;
  }

  int line() {
    return mapping.line();
  }

  int line(String key) {
    return mapping.keyLines().getOrDefault(key, mapping.line());
  }

  /** Whether one of them stands there; all of them are known from now on. */
  List<String> present(String... keys) {
    asked.addAll(List.of(keys));
    return Arrays.stream(keys).filter(mapping.entries()::containsKey).toList();
  }

  void wrong(String key, String what, String why, String hint) {
    findings.add(new Finding(line(key), what, why, hint));
  }

  void missing(String key, String hint) {
    findings.add(new Finding(mapping.line(), key + ": is missing", "it cannot be read without it", hint));
  }

  @Nullable YamlNode node(String key) {
    asked.add(key);
    return mapping.entries().get(key);
  }

  @Nullable String text(String key) {
    return switch (node(key)) {
      case null -> null;
      case Scalar scalar when !scalar.absent() -> scalar.text();
      default -> {
        wrong(key, key + ": needs a text", "there is nothing, a list or a mapping", key + ": \"…\"");
        yield null;
      }
    };
  }

  boolean flag(String key, boolean fallback) {
    String text = text(key);
    if (text == null || text.equals("true") || text.equals("false")) {
      return text == null ? fallback : text.equals("true");
    }
    wrong(key, key + ": is neither true nor false", "\"" + shown(text) + "\" is no truth", key + ": true");
    return fallback;
  }

  @Nullable Duration duration(String key) {
    String text = text(key);
    if (text == null) {
      return null;
    }
    Duration read = Durations.parse(text).filter(Duration::isPositive).orElse(null);
    if (read == null) {
      wrong(key, key + ": is no duration", "\"" + shown(text) + "\" is not of the form", Durations.FORM);
    }
    return read;
  }

  int number(String key, int fallback, int least, int most) {
    String text = text(key);
    if (text == null) {
      return fallback;
    }
    if (text.matches("\\d{1,6}") && Integer.parseInt(text) >= least && Integer.parseInt(text) <= most) {
      return Integer.parseInt(text);
    }
    wrong(key, key + ": is no such number", "\"" + shown(text) + "\" is not of the range", "a whole number from " + least + " to " + most);
    return fallback;
  }

  /** A list of texts; empty where it is missing or wrong. */
  List<String> texts(String key, String hint) {
    YamlNode node = node(key);
    if (node == null) {
      missing(key, hint);
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    boolean right = node instanceof Items items && !items.items().isEmpty();
    if (node instanceof Items items) {
      for (YamlNode item : items.items()) {
        if (item instanceof Scalar scalar && !scalar.absent()) {
          texts.add(scalar.text());
        } else {
          right = false;
        }
      }
    }
    if (!right) {
      wrong(key, key + ": is no list of texts", "each argument is a text of its own, and nothing splits one", hint);
      return List.of();
    }
    return List.copyOf(texts);
  }

  @Nullable Keys below(String key, String hint) {
    return switch (node(key)) {
      case null -> null;
      case Mapping below -> new Keys(below, findings);
      default -> {
        wrong(key, key + ": is no mapping", "it holds a text or a list", hint);
        yield null;
      }
    };
  }

  /** The mappings of a list. */
  List<Keys> list(String key, String hint) {
    YamlNode node = node(key);
    List<Keys> all = new ArrayList<>();
    if (node instanceof Items items && !items.items().isEmpty()) {
      for (YamlNode item : items.items()) {
        if (item instanceof Mapping below) {
          all.add(new Keys(below, findings));
        } else {
          findings.add(new Finding(item.line(), "an entry of " + key + ": is no mapping", "it has no keys", hint));
        }
      }
    } else if (node != null) {
      wrong(key, key + ": is no list", "it is empty, a text or a mapping", hint);
    }
    return all;
  }

  /** Keys that are names, with what stands below each. */
  Map<String, YamlNode> entries() {
    asked.addAll(mapping.entries().keySet());
    return mapping.entries();
  }

  void close() {
    for (String key : mapping.entries().keySet()) {
      if (!asked.contains(key)) {
        wrong(
            key,
            "\"" + shown(key) + "\" is not understood here",
            "what is not understood would be ignored in silence",
            Suggestion.nearest(key, asked)
                .map(meant -> "did you mean \"" + meant + "\"?")
                .orElse("known here: " + String.join(", ", asked)));
      }
    }
  }

  static String shown(String text) {
    return TenantNames.printable(text);
  }
}
