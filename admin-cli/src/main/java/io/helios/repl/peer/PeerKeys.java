package io.helios.repl.peer;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.seal.KeySeal;

/**
 * What tenants' keys are sealed with between this server and its peers: its own key pair, and theirs as they are pinned. Thread-safe.
 */
public record PeerKeys(ServerKeyPair own, PinnedKeys pinned) {

  /** @throws TransientException when that peer has never answered, so that nothing is pinned */
  public KeySeal toward(String region) {
    byte[] key = pinned.key(region);
    if (key == null) {
      throw new TransientException(
          new Problem(
              ErrorCode.PEER_KEY_AWAITED,
              "the public key of the server of region \"" + region + "\" is not known yet",
              "it has not answered this server since that has its data directory",
              "helios-repl server status shows how the peer is"));
    }
    return own.toward(key);
  }
}
