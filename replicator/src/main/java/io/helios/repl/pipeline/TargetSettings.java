package io.helios.repl.pipeline;

import io.helios.repl.postgres.ConnectionSettings;

/** A target as configured. */
public record TargetSettings(String name, ConnectionSettings connection, String region) {}
