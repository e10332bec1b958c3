package io.helios.repl.config;

import io.helios.repl.postgres.ConnectionSettings;

/** Where the control store is. */
public sealed interface StoreLocation {

  /** A file in the data directory. */
  record Sqlite() implements StoreLocation {}

  /** A PostgreSQL database, in its schema {@code helios_control}. */
  record Postgres(ConnectionSettings connection) implements StoreLocation {}
}
