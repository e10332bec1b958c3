package io.helios.repl.cli;

import io.helios.repl.demo.DemoCommand;
import io.helios.repl.demo.InProcessServer;
import io.helios.repl.server.FleetMaker;
import java.lang.reflect.Constructor;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/**
 * Makes commands: those with a constructor that takes a {@link Shell} get ours, the demonstration the product's own
 * server.
 */
final class CommandFactory implements IFactory {

  private final Shell shell;

  CommandFactory(Shell shell) {
    this.shell = shell;
  }

  @Override
  public <K> K create(Class<K> type) throws Exception {
    if (type == DemoCommand.class) {
      return type.cast(
          new DemoCommand(
              (source, target, dataDirectory) ->
                  InProcessServer.start(FleetMaker.standard(shell.environment()), source, target, dataDirectory)));
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (constructor.getParameterCount() == 1 && constructor.getParameterTypes()[0] == Shell.class) {
        return type.cast(constructor.newInstance(shell));
      }
    }
    return CommandLine.defaultFactory().create(type);
  }
}
