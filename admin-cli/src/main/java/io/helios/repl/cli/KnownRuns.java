package io.helios.repl.cli;

import io.helios.repl.config.StateDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The runs that this user has begun or accepted on this machine, by their fingerprints, in his state directory: an empty file each. A server
 * cannot put one there, so a run that somebody else has put into a server's store is never taken for one's own.
 */
final class KnownRuns {

  private final Path directory;

  KnownRuns(Map<String, String> environment) {
    this.directory = new StateDirectory(environment).directory().resolve("runbooks");
  }

  boolean knows(String fingerprint) {
    return Files.exists(directory.resolve(fingerprint));
  }

  /** Where it cannot be kept, resuming asks. */
  void remember(String fingerprint, Shell shell) {
    try {
      Files.createDirectories(directory);
      Files.write(directory.resolve(fingerprint), new byte[0]);
    } catch (IOException e) {
      shell.say("  it is not noted that you have begun this run, so resuming it will ask: " + directory + " cannot be written");
    }
  }
}
