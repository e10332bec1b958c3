package io.helios.repl.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client's private key ({@code sslkey}) as libpq takes it: PKCS#8 in PEM (RFC 7468). libpq finds out by itself of which kind
 * it is; pgjdbc wants to be told ({@code pemKeyAlgorithm}), and else takes it for RSA.
 */
final class ClientKey {

  private static final List<String> KINDS = List.of("RSA", "EC", "EdDSA");

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private ClientKey() {}

  /** The kind of the key in this file; empty for a file that has none, or none that is in clear: whoever connects says why. */
  static Optional<String> algorithm(String file) {
    byte[] key;
    try {
      Matcher pem = PEM.matcher(Files.readString(Path.of(file), StandardCharsets.ISO_8859_1));
      if (!pem.find()) {
        return Optional.empty();
      }
      key = Base64.getMimeDecoder().decode(pem.group(1));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
    return KINDS.stream().filter(kind -> isOf(kind, key)).findFirst();
  }

  private static boolean isOf(String kind, byte[] key) {
    try {
      KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(key));
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
