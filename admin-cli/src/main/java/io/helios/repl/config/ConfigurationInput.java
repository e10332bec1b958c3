package io.helios.repl.config;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a configuration is read from.
 *
 * @param file the YAML file, or null for none
 * @param environment the process's environment variables
 * @param flags what the command line sets, by key: {@code listen}, {@code data-dir} …
 */
public record ConfigurationInput(@Nullable Path file, Map<String, String> environment, Map<String, String> flags) {

  public ConfigurationInput {
    environment = Map.copyOf(environment);
    flags = Map.copyOf(flags);
  }
}
