package io.helios.repl.peer;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.seal.KeySeal;

/**
 * What tenants' keys are sealed with between this server and its peers: its own key pair, and theirs as they are pinned. Thread-safe.
 */
public record PeerKeys(ServerKeyPair own, PinnedKeys pinned, Peers peers) {

  /**
   * Asks the peer at once if it has never answered.
   *
   * @throws TransientException when it does not do so now either, so that nothing is pinned
   */
  public KeySeal toward(String region) {
    byte[] key = pinned.key(region);
    if (key == null) {
      peers.ask(region);
      key = pinned.key(region);
    }
    if (key == null) {
      throw new TransientException(
          new Problem(
              ErrorCode.PEER_KEY_AWAITED,
              "the public key of the server of region \"" + region + "\" is not known yet",
              "it has never answered this server",
              "helios-repl server status shows how the peer is"));
    }
    return own.toward(key);
  }
}
