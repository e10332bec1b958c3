package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "man-pages",
    hidden = true,
    description = "Write the manual's pages into a folder, for those who make packages.",
    footer = {"", "Example:", "  helios-repl man-pages /usr/local/share/man/man1"})
final class ManPagesCommand implements Callable<Integer> {

  private final Shell shell;

  @Mixin Options.Help help = new Options.Help();

  @Parameters(paramLabel = "FOLDER", description = "Where to; it is made when it is missing.")
  Path folder = Path.of("");

  ManPagesCommand(Shell shell) {
    this.shell = shell;
  }

  @Override
  public Integer call() {
    Map<String, String> pages = ManPage.all(new CommandLine(HeliosRepl.class, new CommandFactory(shell)));
    try {
      Files.createDirectories(folder);
      for (Map.Entry<String, String> page : pages.entrySet()) {
        Files.writeString(folder.resolve(page.getKey() + ".1"), page.getValue(), StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      throw new FailedException(
          ExitCode.FAILED,
          Failure.of(
              ErrorCode.USAGE,
              "the pages cannot be written to " + folder,
              "it is no folder, or not " + System.getProperty("user.name") + "'s to write",
              "name another folder"));
    }
    shell.say(pages.size() + " pages are in " + folder);
    return ExitCode.DONE;
  }
}
