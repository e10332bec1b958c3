package io.helios.repl.runbook;

/**
 * One thing that is wrong with a runbook.
 *
 * @param line counted from one; 0 where it is about the file as a whole
 */
public record Finding(int line, String what, String why, String hint) {}
