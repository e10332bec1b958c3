package io.helios.repl.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FrameHeaderTest {

  private static final FrameHeader HEADER =
      new FrameHeader(
          UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"), FrameHeader.STREAM, 7, -42, 3, 9, 11, 13,
          0x7fff_ffff_ffff_fff0L, 0x8000_0000_0000_0000L, 1000, -1, true, 2, 5, 4000, 1000);

  @Test
  void whatIsEncodedDecodesToTheSame() {
    byte[] shifted = new byte[FrameHeader.BYTES + 9];
    System.arraycopy(HEADER.encode(), 0, shifted, 5, FrameHeader.BYTES);

    assertThat(FrameHeader.decode(HEADER.encode(), 0)).isEqualTo(HEADER);
    assertThat(FrameHeader.decode(shifted, 5)).isEqualTo(HEADER);
  }

  @Test
  void theLayoutIsFixedForEver() {
    assertThat(java.util.HexFormat.of().formatHex(HEADER.encode()))
        .isEqualTo(
            "01010100" + "00000002" + "00112233445566778899aabbccddeeff" + "0000000000000007" + "ffffffffffffffd6"
                + "00000003" + "0000000b" + "0000000000000009" + "000000000000000d" + "7ffffffffffffff0"
                + "8000000000000000" + "00000000000003e8" + "ffffffffffffffff" + "00000005" + "00000fa0" + "000003e8");
  }

  @Test
  void everyFlippedBitIsRefusedOrReadAsAnotherHeader() {
    for (int bit = 0; bit < FrameHeader.BYTES * 8; bit++) {
      byte[] bytes = HEADER.encode();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        FrameHeader read = FrameHeader.decode(bytes, 0);
        assertThat(read).isNotEqualTo(HEADER);
        assertThat(read.encode()).isEqualTo(bytes);
      } catch (CorruptionException e) {
        assertThat(e.problem().code()).isEqualTo(ErrorCode.FRAME_MALFORMED);
      }
    }
  }

  @Test
  void aHeaderThatIsCutOffIsRefused() {
    for (int length = 0; length < FrameHeader.BYTES; length++) {
      byte[] cut = Arrays.copyOf(HEADER.encode(), length);
      assertThatThrownBy(() -> FrameHeader.decode(cut, 0)).isInstanceOf(CorruptionException.class);
    }
    assertThatThrownBy(() -> FrameHeader.decode(HEADER.encode(), 1)).isInstanceOf(CorruptionException.class);
    assertThatThrownBy(() -> FrameHeader.decode(HEADER.encode(), -1)).isInstanceOf(CorruptionException.class);
  }

  @Test
  void chanceBytesGiveNothingButErrorsOfTheFamily() {
    Random random = new Random(1);
    byte[] bytes = new byte[FrameHeader.BYTES];
    for (int i = 0; i < 20_000; i++) {
      random.nextBytes(bytes);
      if (i % 2 == 0) {
        bytes[0] = FrameHeader.VERSION;
        bytes[2] = bytes[3] = 0;
      }
      try {
        FrameHeader.decode(bytes, 0);
      } catch (CorruptionException expected) {
        assertThat(expected.problem().code()).isEqualTo(ErrorCode.FRAME_MALFORMED);
      }
    }
  }
}
