package io.helios.repl.runbook;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Seam: this program's own commands, as steps see them. */
public interface Commands {

  /**
   * A command line, taken apart and not run.
   *
   * @param words the command's: {@code tenant start}
   * @param options all that it knows, by their long names
   * @param given those that stand on the line
   * @param wrong what is wrong with it; null where nothing is
   * @param hint for what is wrong
   */
  record Parsed(String words, Set<String> options, Set<String> given, @Nullable String wrong, String hint) {}

  /**
   * What a command ended with.
   *
   * @param out its data, cut off where it is very long
   */
  record Ran(int exit, String out) {}

  Parsed parse(List<String> argv);

  /**
   * Runs it on this thread, until it ends or the thread is interrupted.
   *
   * @param printed gets each line of data and messages as it comes
   */
  Ran run(List<String> argv, Consumer<String> printed);
}
