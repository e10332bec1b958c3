package io.helios.repl.seal;

import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The server's key, which wraps the tenants' keys and does nothing else: 32 bytes, in base64, in the environment or in
 * a file that only the server's user can read. Thread-safe; nothing prints it.
 */
public final class MasterKey {

  /** The environment variable that holds it, in base64. */
  public static final String VARIABLE = "HELIOS_MASTER_KEY";

  /** The environment variable that holds the one before it, while it changes. */
  public static final String PREVIOUS_VARIABLE = "HELIOS_PREVIOUS_MASTER_KEY";

  private static final int BYTES = 32;

  private final SecretKeySpec key;
  private final SecureRandom random = new SecureRandom();

  private MasterKey(byte[] bytes) {
    this.key = new SecretKeySpec(bytes, "AES");
  }

  /** From 32 bytes, which are copied. */
  public static MasterKey of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a master key has " + BYTES + " bytes, not " + bytes.length);
    }
    return new MasterKey(bytes);
  }

  /**
   * From {@value #VARIABLE}, where it is set.
   *
   * @throws OperatorException when what is set is not a key
   */
  public static Optional<MasterKey> fromEnvironment(Map<String, String> environment) {
    return fromEnvironment(environment, VARIABLE);
  }

  /** From the variable of this name, where it is set. */
  public static Optional<MasterKey> fromEnvironment(Map<String, String> environment, String variable) {
    return Optional.ofNullable(environment.get(variable)).map(text -> decode(text, variable));
  }

  /**
   * From a file.
   *
   * @throws OperatorException when it is not there, when others could read it, or when it holds no key
   */
  public static MasterKey fromFile(Path file) {
    try {
      refuseExposed(file);
      return decode(Files.readString(file, StandardCharsets.US_ASCII), "file " + file);
    } catch (NoSuchFileException e) {
      throw new OperatorException(
          new Problem(
              ErrorCode.MASTER_KEY_MISSING,
              "the master key's file " + file + " is not there",
              "a key that is asked for by name, or that a keyring was made with, is not made anew by itself",
              "restore it from its backup; for a new keyring: (umask 077; head -c 32 /dev/urandom | base64 > " + file + ")"),
          e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * From a file, made with a new random key (mode 0600) if it is absent. Two processes that start at once get the same.
   *
   * @throws OperatorException when others could read the file, when it holds no key, or when it cannot be read or made
   */
  public static MasterKey fromFileOrCreate(Path file) {
    try {
      if (!Files.exists(file)) {
        createFile(file);
      }
      PrivateFiles.removeLeftovers(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return fromFile(file);
  }

  private static OperatorException unreadable(Path file, IOException e) {
    return new OperatorException(
        new Problem(
            ErrorCode.KEYRING_UNAVAILABLE,
            "the master key's file " + file + " cannot be read or made",
            e instanceof NoSuchFileException ? "its directory does not exist" : DiskTrouble.of(e),
            "check the room on the disk and the rights of " + file.toAbsolutePath().getParent()),
        e);
  }

  private static void createFile(Path file) throws IOException {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    byte[] text = (Base64.getEncoder().encodeToString(bytes) + "\n").getBytes(StandardCharsets.US_ASCII);
    PrivateFiles.createIfAbsent(file, text);
    Arrays.fill(bytes, (byte) 0);
    Arrays.fill(text, (byte) 0);
  }

  private static void refuseExposed(Path file) throws IOException {
    if (!PrivateFiles.isPrivate(file)) {
      throw new OperatorException(
          new Problem(
              ErrorCode.MASTER_KEY_EXPOSED,
              "the master key's file " + file + " can be read by others",
              "its mode gives rights to its group or to everybody",
              "chmod 600 " + file));
    }
  }

  private static MasterKey decode(String text, String where) {
    byte @Nullable [] bytes = null;
    try {
      bytes = Base64.getDecoder().decode(text.strip());
    } catch (IllegalArgumentException notBase64) {
      // said below; the text itself is never in a message
    }
    if (bytes == null || bytes.length != BYTES) {
      throw new OperatorException(
          new Problem(
              ErrorCode.MASTER_KEY_INVALID,
              "the master key in " + where + " is not a key",
              "it is not " + BYTES + " bytes in base64",
              "make one with: head -c 32 /dev/urandom | base64"));
    }
    MasterKey key = new MasterKey(bytes);
    Arrays.fill(bytes, (byte) 0);
    return key;
  }

  /** Nonce, ciphertext and tag. Nonces are random: a keyring wraps far fewer than 2^32 keys. */
  byte[] wrap(byte[] secret, byte[] bound) {
    byte[] nonce = new byte[Gcm.NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      Cipher cipher = Gcm.cipher();
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(Gcm.TAG_BYTES * 8, nonce));
      cipher.updateAAD(bound);
      byte[] sealed = cipher.doFinal(secret);
      return ByteBuffer.allocate(nonce.length + sealed.length).put(nonce).put(sealed).array();
    } catch (GeneralSecurityException e) {
      throw TenantKey.missing(e);
    }
  }

  /** What was wrapped; null when it was not wrapped by this key, or not for this. */
  byte @Nullable [] unwrap(byte[] wrapped, byte[] bound) {
    if (wrapped.length < Gcm.NONCE_BYTES + Gcm.TAG_BYTES) {
      return null;
    }
    try {
      Cipher cipher = Gcm.cipher();
      cipher.init(
          Cipher.DECRYPT_MODE, key, new GCMParameterSpec(Gcm.TAG_BYTES * 8, wrapped, 0, Gcm.NONCE_BYTES));
      cipher.updateAAD(bound);
      return cipher.doFinal(wrapped, Gcm.NONCE_BYTES, wrapped.length - Gcm.NONCE_BYTES);
    } catch (AEADBadTagException e) {
      return null;
    } catch (GeneralSecurityException e) {
      throw TenantKey.missing(e);
    }
  }

  @Override
  public String toString() {
    return "MasterKey";
  }
}
