package io.helios.repl.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where a server leaves its token for commands of the same user: {@code $XDG_STATE_HOME/helios-repl/} ({@code
 * ~/.local/state/…}), one file per address.
 */
public final class StateDirectory {

  private final Path directory;

  public StateDirectory(Map<String, String> environment) {
    String state = environment.get("XDG_STATE_HOME");
    Path base =
        state != null && state.startsWith("/")
            ? Path.of(state)
            : Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")), ".local", "state");
    this.directory = base.resolve("helios-repl");
  }

  public Path directory() {
    return directory;
  }

  /** The file of the server that listens here. */
  public Path tokenFile(String host, int port) {
    return directory.resolve(host.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]", "_") + "_" + port + ".token");
  }

  /** The files to look at for a server under this name: loopback goes by several. */
  public List<Path> candidates(String host, int port) {
    Stream<String> others =
        new ListenAddress(host, port).isLoopback() ? Stream.of("127.0.0.1", "localhost", "::1") : Stream.empty();
    return Stream.concat(Stream.of(host), others).distinct().map(name -> tokenFile(name, port)).toList();
  }
}
