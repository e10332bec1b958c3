package io.helios.repl.peer;

import io.helios.repl.seal.KeySeal;
import io.helios.repl.seal.KeyTransfer;
import java.util.Arrays;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContextWithEncapsulation;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.jspecify.annotations.Nullable;

/**
 * This server's key pair for what is sealed between servers: HPKE (RFC 9180) in its Auth mode, which proves the sender's key as well,
 * with X25519, HKDF-SHA256 and AES-256-GCM. So neither whoever reads the connection nor an authority that signs false certificates
 * learns a tenant's key, or puts one of its own in its place. Thread-safe; nothing prints the private key.
 */
public final class ServerKeyPair {

  /** Of a public key. */
  static final int BYTES = 32;

  private final AsymmetricCipherKeyPair pair;
  private final byte[] publicKey;

  private ServerKeyPair(AsymmetricCipherKeyPair pair) {
    this.pair = pair;
    this.publicKey = hpke().serializePublicKey(pair.getPublic());
  }

  /** That of the keyring: the same one at each start (DeriveKeyPair of RFC 9180, 7.1.3). */
  public static ServerKeyPair of(KeyTransfer keys) {
    return keys.withServerSecret(secret -> new ServerKeyPair(hpke().deriveKeyPair(secret)));
  }

  /** As RFC 9180 serializes it; a new array at each call. */
  public byte[] publicKey() {
    return publicKey.clone();
  }

  /**
   * Seals for the server with this public key, and opens what that one has sealed for us: encapsulated key (32), then the sealed bytes.
   *
   * @throws IllegalArgumentException when it is no public key
   */
  public KeySeal toward(byte[] peer) {
    if (peer.length != BYTES) {
      throw new IllegalArgumentException("an X25519 public key has " + BYTES + " bytes");
    }
    AsymmetricKeyParameter other = hpke().deserializePublicKey(peer);
    return new KeySeal() {
      @Override
      public byte[] seal(byte[] secret, byte[] info) {
        try {
          HPKEContextWithEncapsulation context = hpke().setupAuthS(other, info, pair);
          byte[] sealed = context.seal(new byte[0], secret);
          byte[] all = Arrays.copyOf(context.getEncapsulation(), BYTES + sealed.length);
          System.arraycopy(sealed, 0, all, BYTES, sealed.length);
          return all;
        } catch (InvalidCipherTextException e) {
          throw new IllegalStateException("HPKE refused to seal", e);
        }
      }

      @Override
      public byte @Nullable [] open(byte[] sealed, byte[] info) {
        if (sealed.length <= BYTES) {
          return null;
        }
        try {
          return hpke()
              .setupAuthR(Arrays.copyOf(sealed, BYTES), pair, info, other)
              .open(new byte[0], Arrays.copyOfRange(sealed, BYTES, sealed.length));
        } catch (InvalidCipherTextException | IllegalArgumentException | IllegalStateException e) {
          return null; // not sealed so; the last two are thrown for an encapsulated key that is a point of small order
        }
      }
    };
  }

  /** It keeps state while it works: each use has its own. */
  private static HPKE hpke() {
    return new HPKE(HPKE.mode_auth, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM256);
  }
}
