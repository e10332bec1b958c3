package io.helios.repl.peer;

import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.seal.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The peers' public keys, each as it was when that peer first answered over a connection that both sides had proven themselves on: a
 * file {@code REGION.pub} each. Another one is refused until an operator removes the file. Thread-safe.
 */
public final class PinnedKeys {

  private final Path directory;

  /** @param dataDirectory which this process owns */
  public PinnedKeys(Path dataDirectory) {
    this.directory = dataDirectory.resolve("peers");
  }

  /** What is wrong with this key of the peer; null when it is the pinned one, or has become it. */
  @Nullable Problem check(String region, byte[] publicKey) {
    Path file = directory.resolve(region + ".pub");
    String said = text(publicKey);
    try {
      PrivateFiles.createDirectory(directory);
      PrivateFiles.createIfAbsent(file, (said + "\n").getBytes(StandardCharsets.US_ASCII));
      String pinned = Files.readString(file, StandardCharsets.US_ASCII).strip();
      if (pinned.equals(said)) {
        return null;
      }
      return new Problem(
          ErrorCode.PEER_KEY_CHANGED,
          "the server of region \"" + region + "\" has another key than before",
          "its public key is " + said + ", the pinned one is " + (pinned.length() == said.length() ? pinned : "damaged"),
          "see that key on that server itself: helios-repl server status; if it is right, remove " + file);
    } catch (IOException e) {
      return new Problem(
          ErrorCode.DATA_DIRECTORY_UNUSABLE,
          "the pinned key of region \"" + region + "\" cannot be read or written",
          DiskTrouble.of(e),
          "see room and rights of " + directory);
    }
  }

  /** The pinned one; null when there is none, or it cannot be read. */
  byte @Nullable [] key(String region) {
    try {
      byte[] key = Base64.getUrlDecoder().decode(Files.readString(directory.resolve(region + ".pub"), StandardCharsets.US_ASCII).strip());
      return key.length == ServerKeyPair.BYTES ? key : null;
    } catch (IOException | IllegalArgumentException e) {
      return null; // never seen, or damaged, which is told whenever the peer is asked how it is
    }
  }

  /** For people to compare. */
  public static String text(byte[] publicKey) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(publicKey);
  }
}
