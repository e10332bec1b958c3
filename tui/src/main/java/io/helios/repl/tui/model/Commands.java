package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Event.Severity;
import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverPhase;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Phase;
import io.helios.repl.tui.fleet.Tenant;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What can be asked for: by a key for the marked or the chosen tenants, or typed after a colon. */
final class Commands {

  static final String KNOWN =
      "pause, resume, start, stop, verify, resync, delete, migrate, cutover, rollback, complete, cancel, failover, failback,"
          + " rejoin, open, filter, sort, tab, quit";

  private final Model model;

  Commands(Model model) {
    this.model = model;
  }

  /** For the marked tenants, else for the chosen one. */
  @Nullable Wish act(Action action) {
    return act(action, subjects());
  }

  /** What a key stands for. */
  @Nullable Wish press(Action action) {
    return action.isOfMove() ? step(action) : action.isOfFailover() ? succeed(action) : act(action);
  }

  /** What the state of the chosen tenant asks for next. */
  @Nullable Wish goOn() {
    List<String> names = subjects();
    Set<Action> wanted = new LinkedHashSet<>();
    for (String name : names) {
      Fleet fleet = model.fleet();
      Tenant tenant = fleet == null ? null : fleet.tenant(name);
      next(tenant).ifPresent(wanted::add);
    }
    if (wanted.isEmpty()) {
      if (!names.isEmpty()) {
        model.notice(Severity.INFO, names(names) + ": nothing to resume or to start");
      }
      return null;
    }
    if (wanted.size() > 1) {
      model.notice(Severity.WARN, "the marked tenants need different things: " + words(wanted));
      return null;
    }
    return act(wanted.iterator().next(), names);
  }

  private static Optional<Action> next(@Nullable Tenant tenant) {
    return switch (tenant == null ? "" : tenant.state()) {
      case "PAUSED" -> Optional.of(Action.RESUME);
      case "FAILED", "STOPPED", "CREATED" -> Optional.of(Action.START);
      case "NEEDS_RESYNC" -> Optional.of(Action.RESYNC);
      default -> Optional.empty();
    };
  }

  /** A step of a move that fits its migration as it stands. Where one is in hand already, that is shown instead of a second one. */
  private @Nullable Wish step(Action action) {
    List<String> names = subjects();
    for (String name : names) {
      Migration migration = migration(name);
      List<Action> fitting = Action.fitting(migration);
      if (migration == null && action != Action.MIGRATE) {
        model.notice(Severity.WARN, name + " is not being moved" + (model.isReadOnly() ? "" : "; m migrates it"));
        return null;
      }
      if (migration != null && !fitting.contains(action)) {
        if (action == Action.MIGRATE && model.tab() == Tab.TENANTS && names.size() == 1) {
          open(Tab.MIGRATIONS, name);
        }
        model.notice(Severity.WARN, doesNotFit(migration, action, fitting));
        return null;
      }
    }
    return act(action, names);
  }

  private String doesNotFit(Migration migration, Action action, List<Action> fitting) {
    String left =
        fitting.isEmpty() || model.isReadOnly()
            ? ""
            : "; what fits is " + String.join(", ", fitting.stream().map(a -> a.key() + " " + a.word()).toList());
    return migration.tenant() + ": its migration is " + Phase.of(migration).count() + ", no " + action.word() + " now" + left;
  }

  /** A step of a failover that fits it as it stands. Where one is in hand already, that is shown instead of a second one. */
  private @Nullable Wish succeed(Action action) {
    List<String> names = subjects();
    for (String name : names) {
      Fleet fleet = model.fleet();
      Failover failover = fleet == null ? null : fleet.failover(name);
      if (failover == null && action != Action.FAILOVER) {
        model.notice(Severity.WARN, name + " was not failed over" + (model.isReadOnly() ? "" : "; f fails it over"));
        return null;
      }
      if (failover != null && !Action.fitting(failover).contains(action)) {
        if (action == Action.FAILOVER && model.tab() == Tab.TENANTS && names.size() == 1) {
          open(Tab.FAILOVER, name);
        }
        model.notice(
            Severity.WARN, name + ": its failover is " + FailoverPhase.of(failover).count() + ", no " + action.word() + " now");
        return null;
      }
    }
    return act(action, names);
  }

  private @Nullable Migration migration(String tenant) {
    Fleet fleet = model.fleet();
    return fleet == null ? null : fleet.migration(tenant);
  }

  private void open(Tab tab, String tenant) {
    model.show(tab);
    if (!model.keys().contains(tenant)) {
      model.filter(Filter.NONE);
    }
    model.moveTo(model.keys().indexOf(tenant));
  }

  private @Nullable Wish act(Action action, List<String> names) {
    if (model.isReadOnly()) {
      model.notice(Severity.WARN, "this dashboard is read-only: " + action.command() + " NAME");
      return null;
    }
    if (names.isEmpty()) {
      model.notice(Severity.WARN, "no tenant is chosen");
      return null;
    }
    if (action.isSevere() && names.size() > 1) {
      model.notice(Severity.WARN, action.word() + " is for one tenant at a time; " + names.size() + " are marked");
      return null;
    }
    model.dialog(new Dialog.Planning(action, names));
    return new Wish.Plan(action, names);
  }

  private List<String> subjects() {
    if (model.tab() == Tab.TENANTS && !model.marked().isEmpty() && !model.isOpen()) {
      return List.copyOf(model.marked());
    }
    String subject = model.subject();
    return subject == null ? List.of() : List.of(subject);
  }

  /** Carries out a typed line. */
  @Nullable Wish run(String line) {
    List<String> words = Arrays.stream(line.strip().split("\\s+", -1)).filter(w -> !w.isEmpty()).toList();
    if (words.isEmpty()) {
      return null;
    }
    String word = words.getFirst().toLowerCase(Locale.ROOT);
    List<String> rest = words.subList(1, words.size());
    Optional<Action> action = Action.named(word);
    if (action.isPresent()) {
      Optional<String> stranger = rest.stream().filter(n -> !isKnown(n)).findFirst();
      if (stranger.isPresent()) {
        model.notice(Severity.WARN, "there is no tenant \"" + stranger.get() + "\"");
        return null;
      }
      return rest.isEmpty() ? act(action.get()) : act(action.get(), rest.stream().distinct().toList());
    }
    switch (word) {
      case "q", "quit" -> {
        return new Wish.Quit(false);
      }
      case "help" -> model.dialog(new Dialog.Help());
      case "open" -> rest.stream().findFirst().ifPresentOrElse(this::open, () -> model.open(true));
      case "filter" -> model.filter(new Filter(String.join(" ", rest)));
      case "sort" -> sort(String.join(" ", rest));
      case "tab" -> tab(String.join(" ", rest));
      default -> model.notice(Severity.WARN, "there is no command \"" + word + "\"; known are " + KNOWN);
    }
    return null;
  }

  /** Shows a tenant on a whole screen, also one that the filter hides. */
  void open(String name) {
    if (!isKnown(name)) {
      model.notice(Severity.WARN, "there is no tenant \"" + name + "\"");
      return;
    }
    model.show(Tab.TENANTS);
    if (!model.keys().contains(name)) {
      model.filter(Filter.NONE);
    }
    model.moveTo(model.keys().indexOf(name));
    model.open(true);
  }

  private void sort(String wanted) {
    Arrays.stream(Sort.values())
        .filter(s -> s.word().equals(wanted))
        .findFirst()
        .ifPresentOrElse(
            model::sort,
            () ->
                model.notice(
                    Severity.WARN,
                    "sorted by one of " + String.join(", ", Arrays.stream(Sort.values()).map(Sort::word).toList())));
  }

  private void tab(String wanted) {
    Arrays.stream(Tab.values())
        .filter(t -> !wanted.isEmpty() && t.title().toLowerCase(Locale.ROOT).startsWith(wanted.toLowerCase(Locale.ROOT)))
        .findFirst()
        .ifPresentOrElse(
            model::show, () -> model.notice(Severity.WARN, "the tabs are tenants, migrations, failover, sources, events"));
  }

  private boolean isKnown(String name) {
    Fleet fleet = model.fleet();
    return fleet != null && fleet.tenant(name) != null;
  }

  /** One name, or how many there are. */
  static String names(List<String> tenants) {
    return tenants.size() == 1 ? tenants.getFirst() : tenants.size() + " tenants";
  }

  private static String words(Set<Action> actions) {
    return String.join(", ", actions.stream().map(Action::word).toList());
  }
}
