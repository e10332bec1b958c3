package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverPhase;
import io.helios.repl.tui.fleet.Migration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What an operator can have done to tenants from here. */
public enum Action {
  PAUSE(false, "helios-repl tenant pause"),
  RESUME(false, "helios-repl tenant resume"),
  START(false, "helios-repl tenant start"),
  STOP(false, "helios-repl tenant stop"),
  VERIFY(false, "helios-repl verify run"),
  RESYNC(true, "helios-repl tenant resync"),
  DELETE(true, "helios-repl tenant delete"),
  MIGRATE(false, "helios-repl migrate start"),
  CUTOVER(true, "helios-repl migrate cutover"),
  ROLLBACK(true, "helios-repl migrate rollback"),
  COMPLETE(true, "helios-repl migrate complete"),
  CANCEL(false, "helios-repl migrate cancel"),
  FAILOVER(true, "helios-repl failover run"),
  FAILBACK(true, "helios-repl failover failback"),
  REJOIN(false, "helios-repl failover run --rejoin");

  private final boolean severe;
  private final String command;

  Action(boolean severe, String command) {
    this.severe = severe;
    this.command = command;
  }

  public static Optional<Action> named(String word) {
    return Arrays.stream(values()).filter(a -> a.word().equals(word)).findFirst();
  }

  /** The one that a key stands for. */
  static Optional<Action> keyed(char key) {
    return Arrays.stream(values()).filter(a -> Objects.equals(a.key(), key)).findFirst();
  }

  /**
   * Those that belong to moving and fit a migration as it stands, the one that goes on first. The server judges too; here they are
   * what is offered.
   *
   * @param migration null when there is none
   */
  public static List<Action> fitting(@Nullable Migration migration) {
    if (migration == null) {
      return List.of(MIGRATE);
    }
    boolean free = migration.wish() == null;
    List<Action> all =
        switch (migration.state()) {
          case "PLANNED", "COPYING", "CATCHING_UP" -> List.of(CANCEL);
          case "READY" -> List.of(CUTOVER, CANCEL);
          case "SWITCHED" -> migration.error() == null ? List.of(COMPLETE, ROLLBACK) : List.of(ROLLBACK, COMPLETE);
          case "FAILED" -> List.of(MIGRATE, CANCEL);
          case "ROLLED_BACK", "SETTLED", "CANCELLED" -> List.of(MIGRATE);
          default -> List.of();
        };
    // While one is on its way it can be asked again, or given up, and nothing else.
    return all.stream()
        .filter(a -> a == CANCEL ? !migration.isAsked(a.word()) : free || migration.isAsked(a.word()))
        .toList();
  }

  /** The same of failing over. A tenant that is at home and well is not offered it: the key is there all the same. */
  public static List<Action> fitting(@Nullable Failover failover) {
    if (failover == null) {
      return List.of(FAILOVER);
    }
    return switch (FailoverPhase.of(failover)) {
      case FAILED, FAILED_BACK -> List.of(FAILOVER);
      case TO_REJOIN -> List.of(REJOIN);
      case FOLLOWING -> List.of(FAILBACK, FAILOVER);
      default -> List.of();
    };
  }

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether it is a step of a tenant's move. */
  public boolean isOfMove() {
    return switch (this) {
      case MIGRATE, CUTOVER, ROLLBACK, COMPLETE, CANCEL -> true;
      case PAUSE, RESUME, START, STOP, VERIFY, RESYNC, DELETE, FAILOVER, FAILBACK, REJOIN -> false;
    };
  }

  /** Whether it is a step of a tenant's failover. */
  public boolean isOfFailover() {
    return this == FAILOVER || this == FAILBACK || this == REJOIN;
  }

  /** What is pressed for it; null when it is only typed. */
  public @Nullable Character key() {
    return switch (this) {
      case PAUSE -> 'p';
      case VERIFY -> 'v';
      case MIGRATE -> 'm';
      case CUTOVER -> 'c';
      case ROLLBACK -> 'b';
      case COMPLETE -> 'e';
      case CANCEL -> 'x';
      case FAILOVER -> 'f';
      case FAILBACK -> 'B';
      case REJOIN -> 'J';
      case RESUME, START, STOP, RESYNC, DELETE -> null;
    };
  }

  /** Whether the tenant's name has to be typed. */
  public boolean isSevere() {
    return severe;
  }

  /** The command that does the same. */
  public String command() {
    return command;
  }
}
