package io.helios.repl.tui.model;

/** The screens that a number opens. */
public enum Tab {
  TENANTS("Tenants"),
  MIGRATIONS("Migrations"),
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

  Tab next(int steps) {
    return values()[Math.floorMod(ordinal() + steps, values().length)];
  }
}
