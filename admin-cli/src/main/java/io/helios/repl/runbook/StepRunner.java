package io.helios.repl.runbook;

import io.helios.repl.client.ExitCode;
import io.helios.repl.config.Durations;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Does what one step says, within its timeout. Knows of no journal. One thread, and one beside it while a command runs. */
final class StepRunner {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration END = Duration.ofSeconds(10);

  /** A terminal's Ctrl-C reaches the hook as well as us: one that fails by it is noticed a moment before we are interrupted. */
  private static final Duration SAME_SIGNAL = Duration.ofMillis(300);

  /** Nothing gets better by asking again. */
  private static final List<Integer> HOPELESS = List.of(ExitCode.USAGE, ExitCode.NOT_ALLOWED);

  private final Commands commands;
  private final Map<String, String> environment;
  private final Consumer<String> printed;

  /**
   * @param environment hooks have it
   * @param printed gets what commands and hooks print, line by line
   */
  StepRunner(Commands commands, Map<String, String> environment, Consumer<String> printed) {
    this.commands = commands;
    this.environment = environment;
    this.printed = printed;
  }

  /**
   * Runs it. Approvals are not for this.
   *
   * @param run the run's name, for hooks
   */
  StepResult run(PlannedStep step, String run) throws InterruptedException {
    return switch (step.action()) {
      case Action.Command c -> command(c, step.timeout());
      case Action.Check c -> check(c, step.timeout());
      case Action.Wait w -> until(w, step.timeout());
      case Action.Hook h -> hook(h, step, run);
      case Action.Approval _ -> throw new IllegalArgumentException("nobody approves here");
    };
  }

  private StepResult command(Action.Command command, Duration timeout) throws InterruptedException {
    Tail tail = new Tail();
    Commands.Ran ran = within(timeout, command.whole(), printed.andThen(tail));
    if (ran == null) {
      return overdue(timeout, tail);
    }
    return ran.exit() == ExitCode.DONE
        ? StepResult.done(ran.exit(), tail.text())
        : StepResult.failed(ran.exit(), ran.exit(), tail.text(), "it ended with exit code " + ran.exit());
  }

  private StepResult check(Action.Check check, Duration timeout) throws InterruptedException {
    Tail tail = new Tail();
    Commands.Ran ran = within(timeout, asking(check.argv(), check.expect()), tail);
    if (ran == null) {
      return overdue(timeout, tail);
    }
    String unmet = unmet(check.expect(), ran);
    return unmet.isEmpty()
        ? StepResult.done(ran.exit(), tail.text())
        : StepResult.failed(ran.exit(), ExitCode.PRECONDITION, tail.text(), "it does not show " + unmet);
  }

  private StepResult until(Action.Wait wait, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    List<String> argv = asking(wait.argv(), wait.until());
    String unmet = "";
    Tail tail = new Tail();
    while (true) {
      Duration left = Duration.ofNanos(deadline - System.nanoTime());
      if (!left.isPositive()) {
        return StepResult.failed(
            null, ExitCode.TIMED_OUT, tail.text(), "after " + Durations.format(timeout) + " it still does not show " + unmet);
      }
      tail = new Tail();
      Commands.Ran ran = within(left, argv, tail);
      if (ran != null) {
        unmet = unmet(wait.until(), ran);
        if (unmet.isEmpty()) {
          return StepResult.done(ran.exit(), tail.text());
        }
        if (HOPELESS.contains(ran.exit())) {
          return StepResult.failed(ran.exit(), ran.exit(), tail.text(), "it ended with exit code " + ran.exit());
        }
      }
      left = Duration.ofNanos(deadline - System.nanoTime());
      Thread.sleep(Math.max(0, Math.min(wait.every().toMillis(), left.toMillis())));
    }
  }

  private StepResult hook(Action.Hook hook, PlannedStep step, String run) throws InterruptedException {
    Tail tail = new Tail();
    Map<String, String> variables = new HashMap<>(environment);
    variables.put("HELIOS_RUN", run);
    variables.put("HELIOS_STEP", step.name());
    try {
      int exit = HookProcess.run(hook, variables, step.timeout(), hook.keepOutput() ? printed.andThen(tail) : printed);
      if (exit == HookProcess.TIMED_OUT) {
        return overdue(step.timeout(), tail);
      }
      if (exit == 0) {
        return StepResult.done(exit, tail.text());
      }
      Thread.sleep(SAME_SIGNAL);
      return StepResult.failed(exit, ExitCode.FAILED, tail.text(), "it ended with exit code " + exit);
    } catch (IOException e) {
      return StepResult.failed(null, ExitCode.FAILED, tail.text(), Tail.clean("it cannot be started: " + e.getMessage()));
    }
  }

  /** What of the conditions does not hold; empty when all do. One that asks for JSON asks for success, too. */
  static String unmet(List<Condition> conditions, Commands.Ran ran) {
    JsonNode document = json(ran.out());
    List<String> unmet = new ArrayList<>();
    boolean exitIsJudged = conditions.stream().anyMatch(Condition.Exit.class::isInstance);
    if (!exitIsJudged && ran.exit() != ExitCode.DONE) {
      unmet.add("exit code 0 but " + ran.exit());
    }
    for (Condition condition : conditions) {
      if (!condition.holds(ran.exit(), document)) {
        unmet.add(condition.text() + seen(condition, document));
      }
    }
    return String.join(", ", unmet);
  }

  private static String seen(Condition condition, @Nullable JsonNode document) {
    if (!(condition instanceof Condition.Json json) || document == null) {
      return "";
    }
    JsonNode found = document.at(json.pointer());
    return found.isValueNode() ? " but " + Tail.clean(found.asString("null")) : "";
  }

  static List<String> asking(List<String> argv, List<Condition> conditions) {
    if (conditions.stream().noneMatch(Condition.Json.class::isInstance) || argv.contains("-o") || argv.contains("--output")) {
      return argv;
    }
    List<String> all = new ArrayList<>(argv);
    all.add("-o");
    all.add("json");
    return all;
  }

  private static @Nullable JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JacksonException e) {
      return null;
    }
  }

  private static StepResult overdue(Duration timeout, Tail tail) {
    return StepResult.failed(null, ExitCode.TIMED_OUT, tail.text(), "it was not done within " + Durations.format(timeout));
  }

  /** Null when the time was over. The command is interrupted then, and given a moment to end. */
  private Commands.@Nullable Ran within(Duration timeout, List<String> argv, Consumer<String> lines)
      throws InterruptedException {
    ExecutorService thread = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("helios-step").factory());
    Future<Commands.Ran> running = thread.submit(() -> commands.run(argv, lines));
    try {
      return running.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a command has thrown", e.getCause());
    } finally {
      thread.shutdownNow();
      end(thread);
    }
  }

  private static void end(ExecutorService thread) {
    boolean interrupted = Thread.interrupted();
    try {
      thread.awaitTermination(END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
