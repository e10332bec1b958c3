package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.client.HeliosClient;
import io.helios.repl.runbook.Finding;
import io.helios.repl.runbook.RunbookLint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
    name = "runbook",
    description = "Check, run and resume procedures that are written down as files of steps.",
    subcommands = {RunbookCommands.Lint.class, RunbookRun.class, RunbookResume.class, RunbookShow.class},
    footer = {
      "",
      "Examples:",
      "  helios-repl runbook lint runbooks",
      "  helios-repl runbook run runbooks/key-rotation.yaml --set tenant=tenant-123"
    })
final class RunbookCommands extends CommandGroup {

  @Command(
      name = "lint",
      description = {
        "Find everything that is wrong with runbooks, without a server.",
        "Keys that are not understood, commands and options that are not there, placeholders without a parameter, what would never end. Of a folder all files. Exit code 2 when",
        "something is wrong."
      },
      footer = {"", "Examples:", "  helios-repl runbook lint runbooks", "  helios-repl runbook lint key-rotation.yaml -o json"})
  static final class Lint implements Callable<Integer> {

    private final Shell shell;

    @Mixin Options.Help help = new Options.Help();
    @Mixin Options.Output output = new Options.Output();

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "Runbooks, or folders of them.")
    List<String> files = new ArrayList<>();

    Lint(Shell shell) {
      this.shell = shell;
    }

    @Override
    public Integer call() {
      StepCommands commands = new StepCommands(shell.environment());
      Map<String, List<Finding>> found = new LinkedHashMap<>();
      for (String file : files) {
        for (Path path : RunbookFiles.below(file)) {
          found.put(path.toString(), RunbookLint.of(RunbookFiles.read(path.toString()), commands));
        }
      }
      boolean right = found.values().stream().allMatch(List::isEmpty);
      if (!output.format.isForPeople()) {
        new Printer(shell, output.format).print(document(found), "file", List.of());
        return right ? ExitCode.DONE : ExitCode.USAGE;
      }
      if (!right) {
        List<Failure> failures =
            found.entrySet().stream().flatMap(e -> RunbookFiles.failures(e.getKey(), e.getValue()).stream()).toList();
        throw new FailedException(ExitCode.USAGE, failures, null);
      }
      shell.out().println(found.size() == 1 ? "the runbook is right" : "all " + found.size() + " runbooks are right");
      return ExitCode.DONE;
    }

    private static ObjectNode document(Map<String, List<Finding>> found) {
      ObjectNode document = HeliosClient.object().put("apiVersion", "helios-repl/v1").put("kind", "RunbookLint");
      document.put("files", found.size());
      ArrayNode items = document.putArray("items");
      found.forEach(
          (file, findings) ->
              findings.forEach(
                  f ->
                      items
                          .addObject()
                          .put("file", file)
                          .put("line", f.line())
                          .put("message", f.what())
                          .put("why", f.why())
                          .put("hint", f.hint())));
      return document;
    }
  }
}
