package io.helios.repl.seal;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.Function;

/**
 * The one way on which a tenant's keys leave a keyring and come into another one: a generation at a time, sealed for that server.
 * Thread-safe.
 */
public final class KeyTransfer {

  /** The server's own secret stands in its keyring under this id, which no tenant has: a tenant's are random (version 4). */
  private static final UUID SERVER = new UUID(0, 0);

  private final Keyring keyring;

  public KeyTransfer(Keyring keyring) {
    this.keyring = keyring;
  }

  /**
   * Hands over 32 secret bytes of this server's, made at the first call and the same ever since; they are zeroed afterwards. A change
   * of the master key wraps them anew with the tenants' keys.
   */
  public <T> T withServerSecret(Function<byte[], T> use) {
    byte[] secret = (keyring.has(SERVER) ? keyring.current(SERVER) : keyring.create(SERVER)).copy();
    if (secret == null) {
      throw Keyring.missing(SERVER);
    }
    try {
      return use.apply(secret);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  /**
   * A tenant's key for the server of another region. Whether that region is to have the tenant is the caller's to know.
   *
   * @throws io.helios.repl.error.CorruptionException (HR-4101) when there is no such key
   */
  public SealedKey give(UUID tenant, int generation, String from, String to, KeySeal seal) {
    byte[] secret = keyring.key(tenant, generation).copy();
    if (secret == null) {
      throw Keyring.unknown(tenant, generation);
    }
    try {
      return new SealedKey(tenant, generation, from, to, seal.seal(secret, SealedKey.info(tenant, generation, from, to)));
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  /**
   * Takes a key that was given; the same one again changes nothing. Durable on return.
   *
   * @param from the region that it came from, as the connection has proven it
   * @param to this server's region
   * @throws OperatorException when it was sealed by another, for another or as another key (HR-4302), or does not follow on those
   *     that are here (HR-4303)
   */
  public void take(SealedKey key, String from, String to, KeySeal seal) {
    byte[] secret = seal.open(key.sealed(), SealedKey.info(key.tenant(), key.generation(), from, to));
    if (secret == null || secret.length != TenantKey.BYTES || key.tenant().equals(SERVER)) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SEALED_KEY_REFUSED,
              "key " + key.generation() + " of tenant " + key.tenant() + " is not what region \"" + from + "\" gives",
              "it was sealed by another server, for another one, as another key, or was altered on its way",
              "helios-repl server status -o json shows the public keys of both servers: compare them with those of the other side"));
    }
    try {
      keyring.adopt(key.tenant(), key.generation(), secret);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }
}
