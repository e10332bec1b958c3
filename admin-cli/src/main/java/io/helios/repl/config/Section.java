package io.helios.repl.config;

import io.helios.repl.config.YamlNode.Items;
import io.helios.repl.config.YamlNode.Mapping;
import io.helios.repl.config.YamlNode.Scalar;
import io.helios.repl.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One mapping of the file, read key by key; {@link #close} then finds the keys that nobody asked for. One thread. */
final class Section {

  private final Reading reading;
  private final String path;
  private final Mapping mapping;
  private final int ownLine;
  private final Set<String> asked = new LinkedHashSet<>();

  /**
   * @param ownLine where its own key stands; 0 when it is not in the file
   */
  Section(Reading reading, String path, Mapping mapping, int ownLine) {
    this.reading = reading;
    this.path = path;
    this.mapping = mapping;
    this.ownLine = ownLine;
  }

  String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  int line(String key) {
    return mapping.keyLines().getOrDefault(key, ownLine);
  }

  boolean has(String key) {
    return mapping.entries().containsKey(key);
  }

  Collection<String> keys() {
    return mapping.entries().keySet();
  }

  /**
   * A single value, from flag, environment or file in that order; empty when nobody gives it. Not yet shown as
   * effective.
   */
  Optional<Setting> raw(String key) {
    asked.add(key);
    Setting outside = reading.outsideFile(path(key));
    YamlNode node = mapping.entries().get(key);
    if (outside != null) {
      return Optional.of(outside);
    }
    return switch (node) {
      case null -> Optional.empty();
      case Scalar scalar when scalar.absent() -> {
        reading.problem(
            ErrorCode.CONFIGURATION_MISSING,
            line(key),
            path(key),
            "has no value",
            "the key stands there with nothing after it",
            "give it a value, or remove the line");
        yield Optional.empty();
      }
      case Scalar scalar ->
          Optional.of(new Setting(path(key), scalar.text(), reading.origin(scalar.line()), scalar.line()));
      default -> {
        reading.problem(
            ErrorCode.CONFIGURATION_VALUE,
            line(key),
            path(key),
            "one value is needed",
            "it holds a list or a section",
            "write it as   " + key + ": value");
        yield Optional.empty();
      }
    };
  }

  Optional<String> text(String key) {
    return parsed(key, Optional::of, "");
  }

  String text(String key, String fallback) {
    return parsed(key, Optional::of, "", fallback, fallback);
  }

  long size(String key, long fallback, long least) {
    long value = parsed(key, ByteSizes::parse, "a size is " + ByteSizes.FORM, fallback, ByteSizes.format(fallback));
    if (value < least) {
      tooSmall(key, ByteSizes.format(least));
    }
    return value;
  }

  /** Null when nothing is said. */
  @Nullable Long size(String key, long least) {
    Long value = parsed(key, ByteSizes::parse, "a size is " + ByteSizes.FORM).orElse(null);
    if (value != null && value < least) {
      tooSmall(key, ByteSizes.format(least));
    }
    return value;
  }

  Optional<Duration> duration(String key) {
    return parsed(key, Durations::parse, "a duration is " + Durations.FORM);
  }

  Duration duration(String key, Duration fallback) {
    return parsed(key, Durations::parse, "a duration is " + Durations.FORM, fallback, Durations.format(fallback));
  }

  int number(String key, int fallback, int least, int most) {
    return parsed(
        key,
        text ->
            text.matches("\\d{1,9}") && Integer.parseInt(text) >= least && Integer.parseInt(text) <= most
                ? Optional.of(Integer.valueOf(text))
                : Optional.empty(),
        "a whole number from " + least + " to " + most,
        fallback,
        Integer.toString(fallback));
  }

  private void tooSmall(String key, String least) {
    raw(key).ifPresent(s -> reading.badValue(s, "it is too small to work with", "at least " + least));
  }

  /** A value that must have a form; a problem when it has not, and then as if it were not given. */
  <T> Optional<T> parsed(String key, Function<String, Optional<T>> parser, String form) {
    Optional<Setting> setting = raw(key);
    if (setting.isEmpty()) {
      return Optional.empty();
    }
    Optional<T> value = parser.apply(setting.get().text());
    if (value.isEmpty()) {
      reading.badValue(setting.get(), "it does not have the form that " + key + " needs", form);
    } else {
      reading.value(path(key), setting.get().text(), setting.get().origin());
    }
    return value;
  }

  <T> T parsed(String key, Function<String, Optional<T>> parser, String form, T fallback, String fallbackText) {
    boolean given = raw(key).isPresent();
    if (!given) {
      if (!has(key)) {
        reading.value(path(key), fallbackText, "default");
      }
      return fallback;
    }
    return parsed(key, parser, form).orElse(fallback);
  }

  /**
   * A list of texts: a YAML list, a single text, or from the environment separated by commas. Null when nobody gives
   * it.
   */
  @Nullable List<String> texts(String key) {
    asked.add(key);
    Setting outside = reading.outsideFile(path(key));
    if (outside != null) {
      reading.value(path(key), outside.text(), outside.origin());
      return List.of(outside.text().strip().split("\\s*,\\s*"));
    }
    YamlNode node = mapping.entries().get(key);
    if (!(node instanceof Items list)) {
      return text(key).map(List::of).orElse(null);
    }
    List<String> texts = new ArrayList<>();
    for (YamlNode item : list.items()) {
      if (item instanceof Scalar scalar && !scalar.absent() && !scalar.text().isBlank()) {
        texts.add(scalar.text());
      } else {
        reading.problem(
            ErrorCode.CONFIGURATION_VALUE,
            item.line(),
            path(key),
            "an entry of the list is no text",
            "the list holds texts only",
            "write it as   " + key + ": [\"public.*\", \"!public.audit\"]");
      }
    }
    reading.value(path(key), String.join(", ", texts), reading.origin(line(key)));
    return texts;
  }

  /** A mapping below this one; an empty one when only the environment speaks of it; null when nobody does. */
  @Nullable Section section(String key, String form) {
    asked.add(key);
    return switch (mapping.entries().get(key)) {
      case Mapping below -> new Section(reading, path(key), below, line(key));
      case null -> reading.variableBelow(path(key)) ? new Section(reading, path(key), Mapping.empty(), 0) : null;
      default -> {
        reading.problem(
            ErrorCode.CONFIGURATION_VALUE,
            line(key),
            path(key),
            "a section is needed",
            "it holds a single value or a list",
            "write it as   " + form);
        yield null;
      }
    };
  }

  /** The sections of a mapping from names to sections, such as {@code sources}. */
  Map<String, Section> named(String key, String form) {
    Section all = section(key, form);
    Map<String, Section> result = new LinkedHashMap<>();
    if (all != null) {
      for (String name : all.keys()) {
        Section one = all.section(name, name + ": { … }");
        if (one != null) {
          result.put(name, one);
        }
      }
    }
    return result;
  }

  /** The sections of a list, each with its number in its path. */
  List<Section> sections(String key, String form) {
    asked.add(key);
    List<Section> result = new ArrayList<>();
    switch (mapping.entries().get(key)) {
      case null -> {}
      case Items list when list.items().stream().allMatch(Mapping.class::isInstance) -> {
        for (YamlNode item : list.items()) {
          result.add(new Section(reading, path(key) + "[" + result.size() + "]", (Mapping) item, item.line()));
        }
      }
      default ->
          reading.problem(
              ErrorCode.CONFIGURATION_VALUE,
              line(key),
              path(key),
              "a list of sections is needed",
              "it holds something else",
              "write it as   " + form);
    }
    return result;
  }

  /** A key that this release knows and does not have. */
  void unsupported(String key, String what) {
    asked.add(key);
    if (has(key)) {
      refuse(key, what);
    }
  }

  /** Says of a key or of its value that this release does not have it. */
  void refuse(String key, String what) {
    reading.problem(
        ErrorCode.CONFIGURATION_UNSUPPORTED, line(key), path(key), "not in this release", what, "remove " + path(key));
  }

  void missing(String key, String why, String hint) {
    reading.problem(ErrorCode.CONFIGURATION_MISSING, ownLine, path(key), "is missing", why, hint);
  }

  /** Something is wrong with the section as such. */
  void wrong(String what, String why, String hint) {
    reading.problem(ErrorCode.CONFIGURATION_VALUE, ownLine, path, what, why, hint);
  }

  void wrong(String key, String what, String why, String hint) {
    reading.problem(ErrorCode.CONFIGURATION_VALUE, line(key), path(key), what, why, hint);
  }

  /** Reports the keys that nobody asked for. */
  void close() {
    for (String key : mapping.entries().keySet()) {
      if (!asked.contains(key)) {
        String hint =
            Suggestion.nearest(key, asked)
                .map(meant -> "did you mean \"" + meant + "\"?")
                .orElse("known here: " + String.join(", ", asked));
        reading.problem(
            ErrorCode.CONFIGURATION_UNKNOWN_KEY,
            line(key),
            path(key),
            "unknown key",
            "a key that is not understood would be ignored in silence",
            hint);
      }
    }
  }
}
