package io.helios.repl.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.seal.FileKeyring;
import io.helios.repl.seal.KeyTransfer;
import io.helios.repl.seal.MasterKey;
import io.helios.repl.seal.MasterKeyChange;
import io.helios.repl.seal.SealedKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant's keys from one region to another, sealed by the real thing. */
class KeyTransferTest {

  private static final UUID TENANT = UUID.fromString("7d3b2f3e-5b0a-4f6e-9a63-0d2a4c1e8b11");
  private static final String US = "us-east-1";
  private static final String EU = "eu-central-1";

  @TempDir Path directory;

  private Server us;
  private Server eu;

  /** A server, as far as its keys go. */
  private record Server(FileKeyring keyring, KeyTransfer transfer, ServerKeyPair pair) {
    static Server in(Path directory, MasterKey master) {
      FileKeyring keyring = new FileKeyring(directory, master);
      KeyTransfer transfer = new KeyTransfer(keyring);
      return new Server(keyring, transfer, ServerKeyPair.of(transfer));
    }

    SealedKey give(int generation, String from, String to, Server taker) {
      return transfer.give(TENANT, generation, from, to, pair.toward(taker.pair.publicKey()));
    }

    void take(SealedKey key, String from, String to, Server giver) {
      transfer.take(key, from, to, pair.toward(giver.pair.publicKey()));
    }
  }

  private static MasterKey master(int first) {
    byte[] bytes = new byte[32];
    bytes[0] = (byte) first;
    return MasterKey.of(bytes);
  }

  @BeforeEach
  void servers() {
    us = Server.in(directory.resolve("us"), master(1));
    eu = Server.in(directory.resolve("eu"), master(2));
    us.keyring.create(TENANT);
    us.keyring.create(TENANT);
  }

  private static void assertRefused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOfSatisfying(HeliosException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }

  @Test
  void whatIsGivenIsTheSameKeyAtTheOtherEndAlsoAfterARestart() {
    for (int generation : new int[] {1, 2}) {
      eu.take(us.give(generation, US, EU, eu), US, EU, us);
    }
    assertThat(eu.keyring.generation(TENANT)).isEqualTo(2);
    Server again = Server.in(directory.resolve("eu"), master(2));
    assertThat(again.keyring.generation(TENANT)).isEqualTo(2);
    us.take(again.give(2, EU, US, us), EU, US, again); // another key of that number would be refused
    eu.take(us.give(1, US, EU, eu), US, EU, us); // nothing new
    assertThat(eu.keyring.generation(TENANT)).isEqualTo(2);
  }

  @Test
  void onlyTheServerThatItWasSealedForOpensIt() {
    Server other = Server.in(directory.resolve("other"), master(3));
    SealedKey forEu = us.give(1, US, EU, eu);
    assertRefused(ErrorCode.SEALED_KEY_REFUSED, () -> other.take(forEu, US, EU, us));
    assertThat(other.keyring.has(TENANT)).isFalse();
  }

  /** Whoever gets between two servers, certificates and all, has not the key that was pinned. */
  @Test
  void aKeyThatAnotherServerSealedIsNotTaken() {
    Server impostor = Server.in(directory.resolve("impostor"), master(3));
    impostor.keyring.create(TENANT);
    assertRefused(ErrorCode.SEALED_KEY_REFUSED, () -> eu.take(impostor.give(1, US, EU, eu), US, EU, us));
    assertThat(eu.keyring.has(TENANT)).isFalse();
  }

  @Test
  void itOpensAsNothingElseThanWhatItWasGivenAs() {
    SealedKey key = us.give(1, US, EU, eu);
    byte[] sealed = key.sealed();
    for (int at = 0; at < sealed.length; at++) {
      byte[] altered = sealed.clone();
      altered[at] ^= 0x40;
      assertRefused(ErrorCode.SEALED_KEY_REFUSED, () -> eu.take(new SealedKey(TENANT, 1, US, EU, altered), US, EU, us));
    }
    UUID another = UUID.randomUUID();
    for (SealedKey posing :
        List.of(
            new SealedKey(another, 1, US, EU, sealed),
            new SealedKey(TENANT, 2, US, EU, sealed),
            new SealedKey(TENANT, 1, US, EU, Arrays.copyOf(sealed, 40)),
            new SealedKey(TENANT, 1, US, EU, new byte[0]),
            new SealedKey(TENANT, 1, US, EU, new byte[sealed.length]))) {
      assertRefused(ErrorCode.SEALED_KEY_REFUSED, () -> eu.take(posing, US, EU, us));
    }
    assertRefused(ErrorCode.SEALED_KEY_REFUSED, () -> eu.take(key, "ap-south-1", EU, us));
    assertRefused(ErrorCode.SEALED_KEY_REFUSED, () -> us.take(key, EU, US, eu));
    assertThat(eu.keyring.has(TENANT)).isFalse();
  }

  @Test
  void keysComeInTheirOrderAndNoneTakesAnothersPlaceUntilItIsShredded() {
    assertRefused(ErrorCode.KEY_DOES_NOT_FOLLOW, () -> eu.take(us.give(2, US, EU, eu), US, EU, us));
    eu.take(us.give(1, US, EU, eu), US, EU, us);
    us.keyring.destroy(TENANT);
    assertRefused(ErrorCode.FRAME_KEY_UNKNOWN, () -> us.give(1, US, EU, eu));
    us.keyring.create(TENANT);
    SealedKey anew = us.give(1, US, EU, eu);
    assertRefused(ErrorCode.KEY_DOES_NOT_FOLLOW, () -> eu.take(anew, US, EU, us));
    eu.keyring.destroy(TENANT);
    eu.take(anew, US, EU, us);
    assertThat(eu.keyring.generation(TENANT)).isEqualTo(1);
  }

  @Test
  void theServersKeyPairOutlivesARestartAndAChangeOfTheMasterKey() {
    byte[] before = us.pair.publicKey();
    assertThat(Server.in(directory.resolve("us"), master(1)).pair.publicKey()).isEqualTo(before);
    MasterKeyChange.carryOut(directory.resolve("us"), master(1), master(9));
    assertThat(Server.in(directory.resolve("us"), master(9)).pair.publicKey()).isEqualTo(before);
    assertThat(eu.pair.publicKey()).isNotEqualTo(before);
  }

  @Test
  void aPublicKeyIsPinnedWhenItIsFirstSeenAndAnotherOneRefusedUntilThePinIsRemoved() throws Exception {
    PinnedKeys pinned = new PinnedKeys(directory);
    assertThat(pinned.check(EU, eu.pair.publicKey())).isNull();
    assertThat(new PinnedKeys(directory).check(EU, eu.pair.publicKey())).as("after a restart").isNull();
    Problem changed = Objects.requireNonNull(pinned.check(EU, us.pair.publicKey()));
    assertThat(changed.code()).isEqualTo(ErrorCode.PEER_KEY_CHANGED);
    Path pin = directory.resolve("peers").resolve(EU + ".pub");
    assertThat(changed.hint()).contains(pin.toString());
    assertThat(pinned.check(EU, eu.pair.publicKey())).as("the first one still is").isNull();
    Files.delete(pin);
    assertThat(pinned.check(EU, us.pair.publicKey())).isNull();
  }
}
