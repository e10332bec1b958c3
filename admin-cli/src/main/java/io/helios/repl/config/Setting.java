package io.helios.repl.config;

/**
 * A value somebody gave.
 *
 * @param line in the file; 0 when it comes from elsewhere
 */
record Setting(String path, String text, String origin, int line) {}
