package io.helios.repl.config;

/**
 * A value somebody gave.
 *
 * @param line in the file; 0 when it comes from elsewhere
 */
record Setting(String path, String text, String origin, int line) {

  /** Whether it was given on the command line. */
  boolean isFlag() {
    return origin.startsWith("flag ");
  }
}
