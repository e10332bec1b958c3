package io.helios.repl.config;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who may come in beside the owner of the data directory, and how the line is protected.
 *
 * @param tls null for plain HTTP, which loopback alone allows
 */
public record ApiAccess(List<Token> tokens, @Nullable Tls tls) {

  public static final ApiAccess DEFAULT = new ApiAccess(List.of(), null);

  public ApiAccess {
    tokens = List.copyOf(tokens);
  }

  /**
   * A bearer token. The token itself is not kept.
   *
   * @param name who has it, for the audit log
   * @param file where it was read from
   * @param sha256 of the token, in lower-case hexadecimal digits
   */
  public record Token(String name, Role role, Path file, String sha256) {

    /** One word that is long enough not to be guessed. */
    static final int SHORTEST = 20;

    /** The same with what is in its file now. Throws {@link OperatorException} (HR-9031) when that is no token. */
    public Token renewed() throws IOException {
      return new Token(
          name,
          role,
          file,
          digest(file)
              .orElseThrow(
                  () ->
                      new OperatorException(
                          new Problem(
                              ErrorCode.TOKEN_UNUSABLE,
                              file + " holds no token",
                              "a token is one word of at least " + SHORTEST + " characters",
                              "(umask 077; openssl rand -base64 32 > " + file + ")"))));
    }

    /** Of the token in a file; empty when there is none in it. */
    static Optional<String> digest(Path file) throws IOException {
      String text = Files.readString(file, StandardCharsets.UTF_8).strip();
      if (text.length() < SHORTEST || !text.matches("[\\x21-\\x7e]+")) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8))));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * PEM files.
   *
   * @param certificate the server's, and those between it and its authority
   * @param clientCa the authority of clients' certificates; null when clients need none
   * @param clientRoles by the common name of a client's certificate
   */
  public record Tls(Path certificate, Path key, @Nullable Path clientCa, Map<String, Role> clientRoles) {
    public Tls {
      clientRoles = Map.copyOf(clientRoles);
    }
  }
}
