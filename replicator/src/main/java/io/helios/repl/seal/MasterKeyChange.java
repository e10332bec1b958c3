package io.helios.repl.seal;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.OperatorException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Another master key for a keyring: before it is opened, by the process that owns its directory. A crash at any moment
 * leaves a keyring that either the previous key opens, whole, or the new one.
 */
public final class MasterKeyChange {

  private MasterKeyChange() {}

  /** Whether there is a keyring, so that a key of it must be somewhere. */
  public static boolean hasKeyring(Path directory) {
    return new KeyringDirectory(directory).exists();
  }

  /** Whether there is a keyring, and another key than this opens it. */
  public static boolean isNeeded(Path directory, MasterKey master) {
    KeyringDirectory keyring = new KeyringDirectory(directory);
    try {
      return keyring.exists() && !keyring.isRuledBy(master);
    } catch (IOException e) {
      throw KeyringDirectory.unavailable("the keyring", e);
    }
  }

  /**
   * Wraps every tenant's keys anew. Returns how many tenants have keys.
   *
   * @throws OperatorException when the previous key does not open the keyring, or its directory is out of reach
   * @throws CorruptionException when a tenant's file is damaged: all stays with the previous key then
   */
  public static int carryOut(Path directory, MasterKey previous, MasterKey master) {
    try {
      return new KeyringDirectory(directory).handOver(previous, master);
    } catch (IOException e) {
      throw KeyringDirectory.unavailable("the keyring", e);
    }
  }
}
