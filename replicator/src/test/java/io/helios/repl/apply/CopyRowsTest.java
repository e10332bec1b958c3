package io.helios.repl.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.postgres.PgOutputBytes;
import io.helios.repl.postgres.Tuple;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes that COPY takes, as copyfromparse.c reads them. */
class CopyRowsTest {

  private final List<Integer> pieces = new ArrayList<>();

  private byte[] write(boolean binary, int[] columns, Tuple... rows) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new CopyRows("COPY", binary, columns, List.of(rows)).writeTo((bytes, offset, length) -> {
      pieces.add(length);
      out.write(bytes, offset, length);
    });
    return out.toByteArray();
  }

  private String text(Tuple... rows) {
    return new String(write(false, new int[] {0, 1}, rows), StandardCharsets.UTF_8);
  }

  @Test
  void inTextWhatWouldEndAColumnOrARowIsEscaped() {
    assertThat(text(PgOutputBytes.tuple("a\tb\nc\rd\\e", "ä😀")))
        .isEqualTo("a\\tb\\nc\\rd\\\\e\tä😀\n");
  }

  @Test
  void inTextNullsAndWhatLooksLikeOneDiffer() {
    assertThat(text(PgOutputBytes.tuple(null, "\\N"), PgOutputBytes.tuple("", null), PgOutputBytes.tuple("\\.", "NULL")))
        .isEqualTo("\\N\t\\\\N\n\t\\N\n\\\\.\tNULL\n");
  }

  @Test
  void onlyTheColumnsAskedForAreWrittenInTheirOrder() {
    Tuple row = PgOutputBytes.tuple("a", "b", "c");
    assertThat(new String(write(false, new int[] {2, 0}, row), StandardCharsets.UTF_8)).isEqualTo("c\ta\n");
  }

  @Test
  void inBinaryValuesStandBetweenSignatureAndTrailer() {
    byte[] nullAndValue = new PgOutputBytes().int16(3).int8('n').int8('b').int32(2).raw(new byte[] {7, 8})
        .int8('b').int32(0).bytes();
    byte[] written = write(true, new int[] {0, 1, 2}, Tuple.of(nullAndValue, 0, nullAndValue.length));
    assertThat(HexFormat.of().formatHex(written))
        .isEqualTo("5047434f50590aff0d0a00" + "00000000" + "00000000" // signature, flags, extension
            + "0003" + "ffffffff" + "00000002" + "0708" + "00000000"
            + "ffff");
  }

  @Test
  void rowsLargerThanAPiecePassInBoundedPieces() {
    String large = "x\\y\t".repeat(CopyRows.PIECE);
    assertThat(text(PgOutputBytes.tuple("a", large), PgOutputBytes.tuple(large, "b")))
        .isEqualTo("a\t" + "x\\\\y\\t".repeat(CopyRows.PIECE) + "\n" + "x\\\\y\\t".repeat(CopyRows.PIECE) + "\tb\n");
    assertThat(pieces).hasSizeGreaterThan(10).allSatisfy(length -> assertThat(length).isLessThanOrEqualTo(CopyRows.PIECE));

    byte[] value = new byte[3 * CopyRows.PIECE];
    java.util.Arrays.fill(value, (byte) 9);
    byte[] written = write(true, new int[] {0, 1}, PgOutputBytes.binaryTuple(new byte[] {1}, value));
    assertThat(written).hasSize(19 + 2 + 5 + 4 + value.length + 2).endsWith(9, 9, 0xFF, 0xFF);
    assertThat(ByteBuffer.wrap(written).getInt(26)).isEqualTo(value.length);
  }

  @Test
  void manySmallRowsFillPiecesToTheBrim() {
    Tuple[] rows = new Tuple[20_000];
    java.util.Arrays.fill(rows, PgOutputBytes.tuple("12345678", null));
    assertThat(text(rows)).isEqualTo("12345678\t\\N\n".repeat(20_000));
    pieces.removeLast();
    assertThat(pieces).hasSize(3).allSatisfy(length -> assertThat(length).isGreaterThan(CopyRows.PIECE - 16));
  }
}
