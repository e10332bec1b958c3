package io.helios.repl.runbook;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a step does. An {@code argv} is one of this program without its name, argument by argument: nothing splits one. */
public sealed interface Action {

  /**
   * One of this program's commands.
   *
   * @param confirm the name said again, for commands that ask for it; null for all others
   */
  record Command(List<String> argv, @Nullable String confirm) implements Action {

    /** With the name said again. */
    public List<String> whole() {
      if (confirm == null) {
        return argv;
      }
      List<String> all = new ArrayList<>(argv);
      all.add("--confirm=" + confirm);
      return List.copyOf(all);
    }
  }

  /** Asks again and again until all conditions hold. */
  record Wait(List<String> argv, List<Condition> until, Duration every) implements Action {}

  /** Asks once. */
  record Check(List<String> argv, List<Condition> expect) implements Action {}

  /** Stops until somebody says that it may go on. */
  record Approval(String text) implements Action {}

  /**
   * A program of the operator's own; no shell reads it.
   *
   * @param idempotent whether it may be run again when nobody knows whether it was run
   * @param keepOutput whether the journal keeps the end of what it printed
   */
  record Hook(List<String> argv, Map<String, String> environment, boolean idempotent, boolean keepOutput)
      implements Action {}

  /** As it is written in a runbook. */
  default String kind() {
    return switch (this) {
      case Command _ -> "command";
      case Wait _ -> "wait";
      case Check _ -> "check";
      case Approval _ -> "approval";
      case Hook _ -> "hook";
    };
  }

  /** How long it may take where its step does not say. An approval takes as long as it takes. */
  default Duration patience() {
    return switch (this) {
      case Command _ -> Duration.ofHours(1);
      case Wait _ -> Duration.ofMinutes(10);
      case Check _ -> Duration.ofMinutes(1);
      case Approval _ -> Duration.ofDays(1000);
      case Hook _ -> Duration.ofMinutes(10);
    };
  }

  /** What it runs; empty where it runs nothing. */
  default List<String> argv() {
    return switch (this) {
      case Command c -> c.argv;
      case Wait w -> w.argv;
      case Check c -> c.argv;
      case Approval _ -> List.of();
      case Hook h -> h.argv;
    };
  }

  /** The conditions of one that asks. */
  default List<Condition> conditions() {
    return switch (this) {
      case Wait w -> w.until;
      case Check c -> c.expect;
      case Command _ -> List.of();
      case Approval _ -> List.of();
      case Hook _ -> List.of();
    };
  }

  /** The same with each of its texts changed. */
  default Action with(UnaryOperator<String> change) {
    return switch (this) {
      case Command c -> new Command(each(c.argv, change), c.confirm == null ? null : change.apply(c.confirm));
      case Wait w -> new Wait(each(w.argv, change), w.until.stream().map(u -> u.with(change)).toList(), w.every);
      case Check c -> new Check(each(c.argv, change), c.expect.stream().map(e -> e.with(change)).toList());
      case Approval a -> new Approval(change.apply(a.text));
      case Hook h -> {
        Map<String, String> filled = new LinkedHashMap<>();
        h.environment.forEach((name, value) -> filled.put(name, change.apply(value)));
        yield new Hook(each(h.argv, change), Map.copyOf(filled), h.idempotent, h.keepOutput);
      }
    };
  }

  /** What it does, on one line. */
  default String text() {
    return switch (this) {
      case Command c -> "helios-repl " + shown(c.whole());
      case Wait w ->
          "helios-repl " + shown(w.argv) + " until " + told(w.until);
      case Check c -> "helios-repl " + shown(c.argv) + " has to show " + told(c.expect);
      case Approval a -> a.text;
      case Hook h -> shown(h.argv);
    };
  }

  private static String told(List<Condition> conditions) {
    return String.join(" and ", conditions.stream().map(Condition::text).toList());
  }

  private static List<String> each(List<String> texts, UnaryOperator<String> change) {
    return texts.stream().map(change).toList();
  }

  private static String shown(List<String> argv) {
    return String.join(
        " ", argv.stream().map(a -> a.matches("[\\w@%+=:,./{}\\[\\]-]+") ? a : "'" + a.replace("'", "'\\''") + "'").toList());
  }
}
