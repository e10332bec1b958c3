package io.helios.repl.postgres.schema;

/**
 * Where a target cannot hold what the source has.
 *
 * @param object {@code schema.table}, or {@code type schema.name}
 * @param text what differs, in plain words, without the object
 * @param mending SQL for the target, one statement a line; empty where there is more than one way out
 * @param atSource whether it is the source that must change, whatever the target is like
 */
public record Mismatch(String object, String text, String mending, boolean atSource) {

  @Override
  public String toString() {
    return object + ": " + text;
  }
}
