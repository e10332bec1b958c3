package io.helios.repl.failover.observation;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What one observer says of all that it observes: the content of its register. Lines of text: the process and a number that grows, so that
 * no two contents are the same, then a verdict and an endpoint each.
 *
 * @param incarnation the process that wrote it
 */
record Ballot(String incarnation, long sequence, Map<String, Verdict> verdicts) {

  Ballot {
    verdicts = Map.copyOf(verdicts);
  }

  String text() {
    StringBuilder text = new StringBuilder(incarnation).append(' ').append(sequence);
    verdicts.forEach((endpoint, verdict) -> text.append('\n').append(verdict.name()).append(' ').append(endpoint));
    return text.toString();
  }

  /** Empty for what another version has written in a form that is not known here: it has no voice. */
  static Optional<Ballot> parse(String text) {
    String[] lines = text.split("\n");
    String[] head = lines[0].split(" ");
    if (head.length != 2 || !head[1].matches("\\d{1,18}")) {
      return Optional.empty();
    }
    Map<String, Verdict> verdicts = new LinkedHashMap<>();
    for (int i = 1; i < lines.length; i++) {
      int space = lines[i].indexOf(' ');
      Optional<Verdict> verdict = space < 0 ? Optional.empty() : verdict(lines[i].substring(0, space));
      if (verdict.isEmpty()) {
        return Optional.empty();
      }
      verdicts.put(lines[i].substring(space + 1), verdict.get());
    }
    return Optional.of(new Ballot(head[0], Long.parseLong(head[1]), verdicts));
  }

  private static Optional<Verdict> verdict(String name) {
    for (Verdict verdict : Verdict.values()) {
      if (verdict.name().equals(name)) {
        return Optional.of(verdict);
      }
    }
    return Optional.empty();
  }

  /** Whether its observer sees anything alive: else the fault may be its own. */
  boolean isSighted() {
    return verdicts.containsValue(Verdict.ALIVE);
  }
}
