package io.helios.repl.client;

import io.helios.repl.config.StateDirectory;
import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where a command gets its token from: a context's own file, {@code HELIOS_TOKEN}, {@code HELIOS_TOKEN_FILE}, the state directory.
 */
final class TokenFinder {

  private final Map<String, String> environment;

  TokenFinder(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Empty when there is none. Throws {@link FailedException} when the file that is named cannot be read. */
  Optional<String> find(URI server) {
    String given = environment.getOrDefault("HELIOS_TOKEN", "");
    if (!given.isBlank()) {
      return Optional.of(clean(given));
    }
    String named = environment.getOrDefault("HELIOS_TOKEN_FILE", "");
    if (!named.isEmpty()) {
      try {
        return Optional.of(read(Path.of(named), "HELIOS_TOKEN_FILE"));
      } catch (InvalidPathException e) {
        throw unreadable(named, "HELIOS_TOKEN_FILE");
      }
    }
    int port = server.getPort() >= 0 ? server.getPort() : server.getScheme().equals("https") ? 443 : 80;
    String host = server.getHost().replaceAll("^\\[|\\]$", "");
    for (Path file : new StateDirectory(environment).candidates(host, port)) {
      try {
        return Optional.of(clean(Files.readString(file, StandardCharsets.US_ASCII)));
      } catch (IOException e) {
        continue;
      }
    }
    return Optional.empty();
  }

  /** The token in a file that somebody named. Throws when it cannot be read. */
  String read(Path file, String namedBy) {
    try {
      return clean(Files.readString(file, StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw unreadable(file.toString(), namedBy);
    }
  }

  private static FailedException unreadable(String file, String namedBy) {
    return new FailedException(
        ExitCode.USAGE,
        Failure.of(
            ErrorCode.TOKEN_MISSING,
            namedBy + " names " + file + ", which cannot be read",
            "it is missing, or not readable by " + System.getProperty("user.name"),
            "without it the token is found by itself on the server's machine"));
  }

  private static String clean(String token) {
    String text = token.strip();
    if (!text.matches("[!-~]+")) {
      throw new FailedException(
          ExitCode.USAGE,
          Failure.of(
              ErrorCode.TOKEN_MISSING,
              "the token that was given is none",
              "it is empty or holds spaces or other characters that no token has",
              "set HELIOS_TOKEN_FILE to the file \"token\" in the server's data directory"));
    }
    return text;
  }
}
