package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration.MasterKeys;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.seal.FileKeyring;
import io.helios.repl.seal.MasterKey;
import io.helios.repl.seal.MasterKeyChange;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keyring of a server's data directory, and the master key that opens it: from the environment ({@value
 * MasterKey#VARIABLE}), else from the configured file, else from {@code master.key} in the data directory, which is made
 * with the keyring. Where that key does not open the keyring and the previous one is given as well, the tenants' keys are
 * wrapped anew first. One thread, at the server's start.
 */
final class ServerKeyring {

  private static final Logger LOG = LoggerFactory.getLogger(ServerKeyring.class);

  private final MasterKeys configured;
  private final Path keyring;
  private final Path ownFile;
  private final Map<String, String> environment;

  /** @param dataDirectory which this process owns */
  ServerKeyring(MasterKeys configured, Path dataDirectory, Map<String, String> environment) {
    this.configured = configured;
    this.keyring = dataDirectory.resolve("keyring");
    this.ownFile = dataDirectory.resolve("master.key");
    this.environment = environment;
  }

  /**
   * Opens it; a change of the master key is told as an event.
   *
   * @throws io.helios.repl.error.HeliosException when no key that is given opens it, or a file of it is damaged
   */
  FileKeyring open(Consumer<FleetEvent> events) {
    MasterKey master = master();
    if (MasterKeyChange.isNeeded(keyring, master)) {
      previous().ifPresent(previous -> change(previous, master, events));
    } else if (configured.previous() != null || environment.containsKey(MasterKey.PREVIOUS_VARIABLE)) {
      LOG.info("the keyring is opened by the master key; the previous one is not needed any more");
    }
    return new FileKeyring(keyring, master);
  }

  private MasterKey master() {
    Optional<MasterKey> given = MasterKey.fromEnvironment(environment, MasterKey.VARIABLE);
    if (given.isPresent()) {
      return given.get();
    }
    Path file = configured.file();
    if (file != null) {
      return MasterKey.fromFile(file);
    }
    return MasterKeyChange.hasKeyring(keyring) ? MasterKey.fromFile(ownFile) : MasterKey.fromFileOrCreate(ownFile);
  }

  private Optional<MasterKey> previous() {
    return MasterKey.fromEnvironment(environment, MasterKey.PREVIOUS_VARIABLE)
        .or(() -> Optional.ofNullable(configured.previous()).map(MasterKey::fromFile));
  }

  private void change(MasterKey previous, MasterKey master, Consumer<FleetEvent> events) {
    int tenants = MasterKeyChange.carryOut(keyring, previous, master);
    String what =
        "the keys of " + tenants + (tenants == 1 ? " tenant are" : " tenants are") + " wrapped by the new master key";
    LOG.info("{}; the previous one opens nothing here any more", what);
    events.accept(new FleetEvent(Instant.now(), FleetEvent.Severity.INFO, null, "master-key-changed", what, null));
  }
}
