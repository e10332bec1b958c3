package io.helios.repl.cli;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/**
 * The commands as picocli needs them. Reading the annotations of all of them takes longer than most commands run, so
 * where the command line begins with a command's exact words, only that one is read; the words before it become bare
 * groups. Of those that should answer at once not even the words are read from annotations. Any other command line, a
 * wrong one above all, meets the whole tree.
 */
final class CommandTree {

  private static final String ROOT = "helios-repl";

  private CommandTree() {}

  /** What can parse these arguments. */
  static CommandLine of(CommandFactory factory, String... arguments) {
    Class<?> known = known(arguments);
    if (known != null) {
      return alone(factory, known, arguments.length > 1 ? List.of(arguments[0]) : List.of());
    }
    List<Class<?>> path = path(arguments);
    Class<?> last = path.getLast();
    if (path.size() == 1 || subcommands(last).length > 0 || looksAround(last)) {
      return new CommandLine(HeliosRepl.class, factory);
    }
    return alone(factory, last, path.subList(1, path.size() - 1).stream().map(CommandTree::name).toList());
  }

  /** @param groups the words between the root's name and the command's */
  private static CommandLine alone(CommandFactory factory, Class<?> command, List<String> groups) {
    CommandLine root = new CommandLine(CommandSpec.create().name(ROOT));
    CommandLine parent = root;
    for (String group : groups) {
      CommandLine made = new CommandLine(CommandSpec.create().name(group));
      parent.addSubcommand(made);
      parent = made;
    }
    parent.addSubcommand(new CommandLine(command, factory));
    return root;
  }

  /** The commands that should answer at once, by their words; none of them has any below it or looks around. */
  static @Nullable Class<?> known(String... arguments) {
    return switch (arguments.length < 2 ? String.join("", arguments) : arguments[0] + " " + arguments[1]) {
      case "version" -> VersionCommand.class;
      case "server status" -> ServerCommands.Status.class;
      case "tenant list" -> TenantCommands.Listing.class;
      case "tenant status" -> TenantCommands.Status.class;
      default -> null;
    };
  }

  /** From the root as far as the arguments name commands. */
  private static List<Class<?>> path(String... arguments) {
    List<Class<?>> path = new ArrayList<>(List.of(HeliosRepl.class));
    for (String argument : arguments) {
      Class<?> next = named(path.getLast(), argument);
      if (next == null) {
        break;
      }
      path.add(next);
    }
    return path;
  }

  private static @Nullable Class<?> named(Class<?> group, String word) {
    return Arrays.stream(subcommands(group)).filter(type -> name(type).equals(word)).findFirst().orElse(null);
  }

  private static Class<?>[] subcommands(Class<?> type) {
    Command command = type.getAnnotation(Command.class);
    return command == null ? new Class<?>[0] : command.subcommands();
  }

  private static String name(Class<?> type) {
    Command command = type.getAnnotation(Command.class);
    return command == null ? "" : command.name();
  }

  /** Whether the command asks for its place in the tree, which it then finds whole. */
  private static boolean looksAround(Class<?> type) {
    for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
      for (Field field : at.getDeclaredFields()) {
        if (field.isAnnotationPresent(Spec.class) || field.isAnnotationPresent(ParentCommand.class)) {
          return true;
        }
      }
    }
    return false;
  }
}
