package io.helios.repl.migration.traffic;

import org.jspecify.annotations.Nullable;

/** How one switch knows a home, where that differs from the way in which this server does; null for what does not. */
public record SeenHome(@Nullable String host, @Nullable Integer port, @Nullable String database) {

  HomeAddress of(HomeAddress home) {
    return new HomeAddress(
        home.name(),
        home.region(),
        host == null ? home.host() : host,
        port == null ? home.port() : port,
        database == null ? home.database() : database);
  }
}
