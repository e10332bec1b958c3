package io.helios.repl.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FrameSealingTest {

  private static final UUID A = new UUID(1, 1);
  private static final UUID B = new UUID(1, 2);

  private final MemoryKeyring keyring = new MemoryKeyring();
  private final FrameSealer sealer = new FrameSealer(keyring, 3);
  private final FrameOpener opener = new FrameOpener(keyring);
  private final byte[] salt = new byte[32];
  private final byte[] plain = "one row, another row, one row, another row".repeat(20).getBytes(StandardCharsets.US_ASCII);

  @BeforeEach
  void keys() {
    new Random(1).nextBytes(salt);
    keyring.create(A);
    keyring.create(B);
  }

  private static FrameMeta meta(UUID tenant) {
    return new FrameMeta(tenant, FrameHeader.STREAM, 1, 42, 1, 10, 20, 1000, 2000, true, 2);
  }

  private FrameSlot slot(int index) {
    return new FrameSlot(3, salt, index, index + 1);
  }

  private Frame sealed() {
    return sealer.seal(slot(0), meta(A), plain, plain.length);
  }

  private void isRefused(Frame frame, ErrorCode code) {
    assertThatThrownBy(() -> opener.open(frame))
        .isInstanceOfSatisfying(CorruptionException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }

  @Test
  void whatIsSealedOpensToTheSame() {
    Frame frame = sealed();
    assertThat(opener.open(frame)).isEqualTo(plain);
    assertThat(frame.header().plainLength()).isEqualTo(plain.length);
    assertThat(frame.header().sealedLength()).isEqualTo(frame.sealed().length).isLessThan(plain.length / 4);
    assertThat(opener.open(sealer.seal(slot(1), meta(A), new byte[0], 0))).isEmpty();
    byte[] noise = new byte[100_000];
    new Random(2).nextBytes(noise);
    assertThat(opener.open(sealer.seal(slot(2), meta(B), noise, 99_999))).isEqualTo(Arrays.copyOf(noise, 99_999));
  }

  @Test
  void aSingleRowLargerThanAFrameSealsAndTheNextFrameToo() {
    byte[] huge = new byte[FrameHeader.MAX_PLAIN * 3];
    new Random(3).nextBytes(huge);
    assertThat(opener.open(sealer.seal(slot(0), meta(A), huge, huge.length))).isEqualTo(huge);
    assertThat(opener.open(sealer.seal(slot(1), meta(A), plain, plain.length))).isEqualTo(plain);
  }

  @Test
  void everyFlippedBitOfTheHeaderIsRefused() {
    Frame frame = sealed();
    for (int bit = 0; bit < FrameHeader.BYTES * 8; bit++) {
      byte[] bytes = frame.header().encode();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      int flipped = bit;
      assertThatThrownBy(() -> opener.open(new Frame(FrameHeader.decode(bytes, 0), salt, frame.sealed())))
          .as("bit %d", flipped)
          .isInstanceOf(CorruptionException.class);
    }
  }

  @Test
  void everyFlippedBitOfTheSaltAndOfWhatWasSealedIsRefused() {
    Frame frame = sealed();
    for (int bit = 0; bit < salt.length * 8; bit++) {
      byte[] other = salt.clone();
      other[bit / 8] ^= (byte) (1 << bit % 8);
      isRefused(new Frame(frame.header(), other, frame.sealed()), ErrorCode.FRAME_NOT_AUTHENTIC);
    }
    for (int bit = 0; bit < frame.sealed().length * 8; bit++) {
      byte[] other = frame.sealed().clone();
      other[bit / 8] ^= (byte) (1 << bit % 8);
      isRefused(new Frame(frame.header(), salt, other), ErrorCode.FRAME_NOT_AUTHENTIC);
    }
  }

  @Test
  void aFrameOfAnotherLengthThanItsHeaderSaysIsRefused() {
    Frame frame = sealed();
    for (int length = 0; length < frame.sealed().length; length++) {
      isRefused(
          new Frame(frame.header(), salt, Arrays.copyOf(frame.sealed(), length)), ErrorCode.FRAME_LENGTH_MISMATCH);
    }
    isRefused(
        new Frame(frame.header(), salt, Arrays.copyOf(frame.sealed(), frame.sealed().length + 1)),
        ErrorCode.FRAME_LENGTH_MISMATCH);
  }

  @Test
  void aFrameCutToTheLengthThatItsForgedHeaderSaysIsRefused() {
    Frame frame = sealed();
    for (int length = Gcm.TAG_BYTES; length < frame.sealed().length; length++) {
      FrameHeader forged = change(frame.header(), frame.header().tenant(), frame.header().index(), length);
      isRefused(new Frame(forged, salt, Arrays.copyOf(frame.sealed(), length)), ErrorCode.FRAME_NOT_AUTHENTIC);
    }
  }

  @Test
  void aFrameOfOneTenantUnderAnothersIdIsRefused() {
    Frame frame = sealed();
    FrameHeader forged = change(frame.header(), B, 0, frame.sealed().length);
    isRefused(new Frame(forged, salt, frame.sealed()), ErrorCode.FRAME_NOT_AUTHENTIC);
  }

  @Test
  void aFrameReplayedAtAnotherIndexIsRefused() {
    Frame frame = sealed();
    FrameHeader forged = change(frame.header(), A, 1, frame.sealed().length);
    isRefused(new Frame(forged, salt, frame.sealed()), ErrorCode.FRAME_NOT_AUTHENTIC);
  }

  @Test
  void aFrameSealedWithAKeyThatIsNotInTheKeyringIsRefused() {
    Frame frame = sealed();
    MemoryKeyring other = new MemoryKeyring();
    assertThatThrownBy(() -> new FrameOpener(other).open(frame)).isInstanceOf(CorruptionException.class);
    other.create(A);
    assertThatThrownBy(() -> new FrameOpener(other).open(frame))
        .isInstanceOfSatisfying(
            CorruptionException.class,
            e -> assertThat(e.problem().code()).isEqualTo(ErrorCode.FRAME_NOT_AUTHENTIC));
  }

  @Test
  void framesOfEarlierGenerationsOpenAfterARotation() {
    Frame old = sealed();
    keyring.create(A);
    Frame fresh = sealer.seal(slot(1), meta(A), plain, plain.length);

    assertThat(fresh.header().keyGeneration()).isEqualTo(2);
    assertThat(opener.open(old)).isEqualTo(plain);
    assertThat(opener.open(fresh)).isEqualTo(plain);
  }

  @Test
  void aShreddedKeyMakesFramesUnreadableAlsoForWhoHasOpenedSomeBefore() {
    Frame frame = sealed();
    TenantKey held = keyring.current(A);
    assertThat(opener.open(frame)).isEqualTo(plain);

    keyring.destroy(A);

    isRefused(frame, ErrorCode.FRAME_KEY_UNKNOWN);
    assertThat(held.destroyed()).isTrue();
    assertThat(held.forSegment(salt)).isNull();
    assertThatThrownBy(() -> sealer.seal(slot(1), meta(A), plain, plain.length)).isInstanceOf(OperatorException.class);
    assertThat(opener.open(sealer.seal(slot(1), meta(B), plain, plain.length))).isEqualTo(plain);
  }

  @Test
  void authenticBytesThatDecompressToMoreOrLessOrNothingAreRefused() throws Exception {
    byte[] bomb = Zstd.compress(new byte[50 << 20], 3);
    byte[] cut = Arrays.copyOf(Zstd.compress(plain), 20);
    byte[] noise = new byte[64];
    for (byte[] compressed : new byte[][] {bomb, cut, noise, new byte[0]}) {
      for (int said : new int[] {0, plain.length, plain.length + 1}) {
        isRefused(authentic(compressed, said), ErrorCode.FRAME_NOT_DECOMPRESSED);
      }
    }
    assertThat(opener.open(authentic(Zstd.compress(plain), plain.length))).isEqualTo(plain);
  }

  /** Seals what a sealer never would. */
  private Frame authentic(byte[] compressed, int plainLength) throws Exception {
    FrameHeader header =
        new FrameHeader(A, (byte) 1, 1, 42, 1, 3, 0, 1, 10, 20, 0, 0, true, 1, 1, plainLength, compressed.length + 16);
    SecretKey key = java.util.Objects.requireNonNull(keyring.current(A).forSegment(salt));
    Cipher cipher = Gcm.cipher();
    cipher.init(Cipher.ENCRYPT_MODE, key, Gcm.nonce(0));
    cipher.updateAAD(header.encode());
    return new Frame(header, salt, cipher.doFinal(compressed));
  }

  @Test
  void chanceBytesGiveNothingButErrorsOfTheFamily() {
    Frame frame = sealed();
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      byte[] header = frame.header().encode();
      byte[] bytes = frame.sealed().clone();
      for (int k = random.nextInt(3); k >= 0; k--) {
        header[random.nextInt(header.length)] = (byte) random.nextInt();
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      assertThatThrownBy(() -> opener.open(new Frame(FrameHeader.decode(header, 0), salt, bytes)))
          .isInstanceOf(CorruptionException.class);
    }
  }

  @Test
  void keysDifferByTenantBySegmentAndByGeneration() {
    byte[] otherSalt = new byte[32];
    keyring.create(A);
    assertThat(
            java.util.stream.Stream.of(
                    keyring.key(A, 1).forSegment(salt),
                    keyring.key(A, 2).forSegment(salt),
                    keyring.key(B, 1).forSegment(salt),
                    keyring.key(A, 1).forSegment(otherSalt))
                .map(key -> java.util.HexFormat.of().formatHex(java.util.Objects.requireNonNull(key).getEncoded())))
        .doesNotHaveDuplicates()
        .hasSize(4);
  }

  private static FrameHeader change(FrameHeader h, UUID tenant, int index, int sealedLength) {
    return new FrameHeader(
        tenant, h.lane(), h.epoch(), h.systemIdentifier(), h.timeline(), h.segment(), index, h.sequence(),
        h.firstPosition(), h.lastPosition(), h.firstCommitMicros(), h.lastCommitMicros(), h.complete(),
        h.keyGeneration(), h.changes(), h.plainLength(), sealedLength);
  }
}
