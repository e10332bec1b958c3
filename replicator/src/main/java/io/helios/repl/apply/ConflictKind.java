package io.helios.repl.apply;

import java.util.Locale;

/** How the target's rows can differ from what a change expects. */
public enum ConflictKind {
  INSERT_EXISTS("the row to insert is there already"),
  UPDATE_MISSING("the row to update is not there"),
  DELETE_MISSING("the row to delete is not there"),
  UNIQUE_TAKEN("another row of the tenant, which the source cannot have, holds a unique value of the row to write"),
  KEY_TAKEN("a row of another tenant holds the key or a unique value of a row that was to be written");

  private final String explanation;

  ConflictKind(String explanation) {
    this.explanation = explanation;
  }

  /** As metrics and {@code helios.conflict} name it, for example {@code insert_exists}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  String explanation() {
    return explanation;
  }
}
