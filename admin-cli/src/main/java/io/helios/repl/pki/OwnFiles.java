package io.helios.repl.pki;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.seal.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;

/** What this package writes. A key's file is its owner's alone from the moment it exists, and is never overwritten. Any thread. */
final class OwnFiles {

  private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

  private OwnFiles() {}

  /** On P-256, which every TLS library of today signs with fast. */
  static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK lacks an algorithm that every JDK 25 has", e);
    }
  }

  static void requireAbsent(Path file) {
    if (Files.exists(file)) {
      throw exists(file);
    }
  }

  /** Mode 0600. Throws {@link OperatorException} (HR-9101) when there is a file, also one that came at this moment. */
  static void writeKey(Path file, PrivateKey key) {
    try {
      PrivateFiles.createDirectory(file.toAbsolutePath().normalize().resolveSibling(""));
      if (!PrivateFiles.createIfAbsent(file, pem("PRIVATE KEY", key.getEncoded()))) {
        throw exists(file);
      }
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  /** For everybody to read. Replaces what is there. */
  static void write(Path file, String what, byte[] der) {
    try {
      Files.write(file, pem(what, der));
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private static byte[] pem(String what, byte[] der) {
    return ("-----BEGIN " + what + "-----\n" + LINES.encodeToString(der) + "\n-----END " + what + "-----\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  private static OperatorException exists(Path file) {
    return new OperatorException(
        new Problem(
            ErrorCode.PKI_FILE_EXISTS,
            file + " is there already",
            "a key that is overwritten takes with it what was signed for it or by it",
            "choose another directory or name, or move the file away first"));
  }

  private static OperatorException unwritable(Path file, IOException cause) {
    return new OperatorException(
        new Problem(
            ErrorCode.PKI_FILE_UNWRITABLE,
            file + " cannot be written",
            cause.getClass().getSimpleName() + ": " + cause.getMessage(),
            "make room, or name a directory that is " + System.getProperty("user.name") + "'s to write"),
        cause);
  }
}
