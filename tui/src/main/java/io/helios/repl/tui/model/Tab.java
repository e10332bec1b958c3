package io.helios.repl.tui.model;

/** The screens that a number opens. */
public enum Tab {
  TENANTS("Tenants"),
  MIGRATIONS("Migrations"),
  FAILOVER("Failover"),
  SOURCES("Sources/WAL"),
  EVENTS("Events");

  private final String title;

  Tab(String title) {
    this.title = title;
  }

  public String title() {
    return title;
  }

  public char key() {
    return (char) ('1' + ordinal());
  }

  /** Whether its lines are about tenants, and the filter holds for them. */
  boolean isFiltered() {
    return switch (this) {
      case TENANTS, MIGRATIONS, FAILOVER -> true;
      case SOURCES, EVENTS -> false;
    };
  }

  Tab next(int steps) {
    return values()[Math.floorMod(ordinal() + steps, values().length)];
  }
}
