package io.helios.repl.migration.traffic;

import io.helios.repl.error.HeliosException;
import io.helios.repl.status.Finding;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * All switches of a server, worked as one. They are checked, paused and resumed at the same time, and changed one after the other in
 * the order of the configuration. Each call returns how long every switch took, in that order. A cutover goes
 *
 * <pre>{@code
 * check(move)                    // some time before: connections are warm afterwards
 * pause(move, within)            // or nobody is paused
 * … fence, drain, promote …
 * change(move)                   // only when the new home has taken over
 * resume(move)
 * }</pre>
 *
 * and one that is given up goes {@code pause}, {@code resume}. Any call may be made again after a crash. A failure of one switch keeps no other
 * from its work: the first is thrown, the others are suppressed in it. Any thread.
 */
public final class TrafficSwitches implements AutoCloseable {

  private static final Executor EACH = work -> Thread.ofVirtual().name("helios-traffic").start(work);

  private final List<TrafficSwitch> switches;

  public TrafficSwitches(List<? extends TrafficSwitch> switches) {
    this.switches = List.copyOf(switches);
  }

  /** As configured. Opens no connection yet. */
  public static TrafficSwitches of(List<TrafficSettings> settings) {
    Map<Path, AliasFile> files = new HashMap<>();
    return new TrafficSwitches(settings.stream()
        .map(one -> {
          TrafficSwitch made = switch (one) {
            case TrafficSettings.Pgbouncer s -> new PgbouncerSwitch(s, files.computeIfAbsent(s.file(), AliasFile::new));
            case TrafficSettings.Command s -> new CommandSwitch(s);
            case TrafficSettings.Hook s -> new HookSwitch(s);
            case TrafficSettings.Directory s -> new DirectorySwitch(s);
          };
          return one.homes().isEmpty() ? made : new RenamedHomes(made, one.homes());
        })
        .toList());
  }

  /** Whether none is configured: clients find the new home by themselves. */
  public boolean isEmpty() {
    return switches.isEmpty();
  }

  /** Their names, in order. */
  public List<String> names() {
    return switches.stream().map(TrafficSwitch::name).toList();
  }

  /** A dry run. What goes wrong in it is a finding, not an exception. */
  public TrafficCheck check(TrafficMove move) {
    List<List<Finding>> findings = new ArrayList<>();
    switches.forEach(s -> findings.add(new ArrayList<>()));
    List<TrafficStep> steps =
        together(TrafficPhase.CHECK, indices(), i -> findings.get(i).addAll(switches.get(i).check(move)));
    return new TrafficCheck(findings.stream().flatMap(List::stream).toList(), steps);
  }

  /** All of them, or none: when one fails, those that had paused are resumed before it is thrown. */
  public List<TrafficStep> pause(TrafficMove move, Duration within) {
    List<TrafficSwitch> paused = new ArrayList<>();
    try {
      return together(TrafficPhase.PAUSE, indices(), i -> {
        switches.get(i).pause(move, within);
        synchronized (paused) {
          paused.add(switches.get(i));
        }
      });
    } catch (RuntimeException e) {
      for (TrafficSwitch one : paused) {
        try {
          one.resume(move);
        } catch (HeliosException second) {
          e.addSuppressed(second);
        }
      }
      throw e;
    }
  }

  /** One after the other. Those behind one that fails are changed all the same: the tenant lives at its new home. */
  public List<TrafficStep> change(TrafficMove move) {
    List<TrafficStep> steps = new ArrayList<>();
    RuntimeException failure = null;
    for (TrafficSwitch one : switches) {
      long start = System.nanoTime();
      try {
        one.change(move);
      } catch (HeliosException e) {
        failure = joined(failure, e);
      }
      steps.add(new TrafficStep(one.name(), TrafficPhase.CHANGE, System.nanoTime() - start));
    }
    if (failure != null) {
      throw failure;
    }
    return steps;
  }

  public List<TrafficStep> resume(TrafficMove move) {
    return together(TrafficPhase.RESUME, indices(), i -> switches.get(i).resume(move));
  }

  private List<Integer> indices() {
    return IntStream.range(0, switches.size()).boxed().toList();
  }

  /** On this thread where there is only one: starting another takes time, too. */
  private List<TrafficStep> together(TrafficPhase phase, List<Integer> indices, Consumer<Integer> work) {
    List<CompletableFuture<TrafficStep>> all =
        indices.stream()
            .map(i -> CompletableFuture.supplyAsync(() -> timed(phase, i, work), indices.size() == 1 ? Runnable::run : EACH))
            .toList();
    List<TrafficStep> steps = new ArrayList<>();
    RuntimeException failure = null;
    for (CompletableFuture<TrafficStep> one : all) {
      try {
        steps.add(one.join());
      } catch (CompletionException e) {
        failure = joined(failure, e.getCause() instanceof HeliosException expected ? expected : e);
      }
    }
    if (failure != null) {
      throw failure;
    }
    return steps;
  }

  private TrafficStep timed(TrafficPhase phase, int index, Consumer<Integer> work) {
    long start = System.nanoTime();
    work.accept(index);
    return new TrafficStep(switches.get(index).name(), phase, System.nanoTime() - start);
  }

  private static RuntimeException joined(@Nullable RuntimeException first, RuntimeException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }

  @Override
  public void close() {
    switches.forEach(TrafficSwitch::close);
  }
}
