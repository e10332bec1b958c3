package io.helios.repl.runbook;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a run does, in 16 digits: of its text and its values. Whoever goes on with a run that he has not begun runs what
 * somebody else has written, with his own rights; this is what he says that he has looked at. Pure.
 */
public final class Fingerprint {

  private static final int DIGITS = 16;

  private Fingerprint() {}

  public static String of(String text, Map<String, String> values) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(digest, text);
      new TreeMap<>(values)
          .forEach(
              (name, value) -> {
                add(digest, name);
                add(digest, value);
              });
      return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** With its length before it, so that no text can look like two. */
  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(bytes);
  }
}
