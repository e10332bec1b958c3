package io.helios.repl.server;

/** How the server's log is written. */
public enum LogFormat {
  /** Lines for people. */
  TEXT,
  /** One JSON object a line, for those who collect logs. */
  JSON
}
