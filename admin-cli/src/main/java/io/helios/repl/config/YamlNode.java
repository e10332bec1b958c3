package io.helios.repl.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.dataformat.yaml.YAMLFactory;

/** A piece of a YAML text with the line where it begins, counted from one. */
public sealed interface YamlNode {

  int line();

  /** A scalar as it was written, whatever type YAML would give it; {@code absent} for null. */
  record Scalar(String text, boolean absent, int line) implements YamlNode {}

  record Items(List<YamlNode> items, int line) implements YamlNode {}

  /**
   * @param keyLines where each key stands
   */
  record Mapping(Map<String, YamlNode> entries, Map<String, Integer> keyLines, int line) implements YamlNode {

    static Mapping empty() {
      return new Mapping(Map.of(), Map.of(), 0);
    }
  }

  /** What makes a text no YAML, or one that says a thing twice. */
  final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1;
    private final int line;

    SyntaxException(String message, int line) {
      super(message);
      this.line = line;
    }

    public int line() {
      return line;
    }
  }

  /** Reads one document; an empty one is an empty mapping. */
  static YamlNode parse(String text) throws SyntaxException {
    YAMLFactory factory = YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), text)) {
      JsonToken first = parser.nextToken();
      if (first == null) {
        return Mapping.empty();
      }
      YamlNode node = read(parser, first);
      if (parser.nextToken() != null) {
        throw new SyntaxException("holds more than one document", parser.currentTokenLocation().getLineNr());
      }
      return node;
    } catch (JacksonException e) {
      throw new SyntaxException(
          firstLine(e.getOriginalMessage()), e.getLocation() == null ? 0 : e.getLocation().getLineNr());
    }
  }

  private static YamlNode read(JsonParser parser, JsonToken token) throws SyntaxException {
    int line = parser.currentTokenLocation().getLineNr();
    return switch (token) {
      case START_OBJECT -> readMapping(parser, line);
      case START_ARRAY -> {
        List<YamlNode> items = new ArrayList<>();
        for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
          items.add(read(parser, next));
        }
        yield new Items(List.copyOf(items), line);
      }
      default ->
          new Scalar(token == JsonToken.VALUE_NULL ? "" : parser.getString(), token == JsonToken.VALUE_NULL, line);
    };
  }

  private static Mapping readMapping(JsonParser parser, int line) throws SyntaxException {
    Map<String, YamlNode> entries = new LinkedHashMap<>();
    Map<String, Integer> lines = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      lines.put(key, parser.currentTokenLocation().getLineNr());
      entries.put(key, read(parser, parser.nextToken()));
    }
    return new Mapping(entries, lines, line);
  }

  private static String firstLine(String message) {
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }
}
