package io.helios.repl.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PgOutputDecoderTest {

  private static final Relation RELATION =
      new Relation(
          16400,
          "public",
          "größe",
          'i',
          List.of(new Relation.Column("id", 20, -1, true), new Relation.Column("näme", 1043, 36, false)));

  private final PgOutputDecoder decoder = new PgOutputDecoder();

  @Test
  void beginCommitAndOrigin() {
    assertThat(decoder.decode(PgOutputBytes.begin(0x1_0000_0000L, -3)))
        .isEqualTo(new PgOutputMessage.Begin(new Lsn(0x1_0000_0000L), -3, 7));
    assertThat(decoder.decode(PgOutputBytes.commit(16, 24, 5)))
        .isEqualTo(new PgOutputMessage.Commit(new Lsn(16), new Lsn(24), 5));
    assertThat(decoder.decode(new PgOutputBytes().int8('O').int64(9).string("node").message()))
        .isEqualTo(new PgOutputMessage.Origin(new Lsn(9), "node"));
  }

  @Test
  void relationAndType() {
    assertThat(decoder.decode(PgOutputBytes.relation(RELATION)))
        .isEqualTo(new PgOutputMessage.RelationMessage(RELATION));
    assertThat(decoder.decode(new PgOutputBytes().int8('Y').int32(5).string("").string("mood").message()))
        .isEqualTo(new PgOutputMessage.Type(5, "pg_catalog", "mood"));
  }

  @Test
  void insertWithTextBinaryNullAndUnchangedColumns() {
    ByteBuffer message =
        new PgOutputBytes()
            .int8('I').int32(-1).int8('N').int16(4)
            .int8('t').int32(2).raw("hi".getBytes(StandardCharsets.UTF_8))
            .int8('b').int32(4).int32(77)
            .int8('n')
            .int8('u')
            .message();
    PgOutputMessage.Insert insert = (PgOutputMessage.Insert) decoder.decode(message);
    assertThat(insert.relationOid()).isEqualTo(-1);
    assertThat(insert.row().text(0)).isEqualTo("hi");
    assertThat(insert.row().value(1)).containsExactly(0, 0, 0, 77);
    assertThat(insert.row().isNull(2)).isTrue();
    assertThat(insert.row().isUnchanged(3)).isTrue();
    assertThat(insert.row().columnCount()).isEqualTo(4);
  }

  @Test
  void updateWithoutOldWithOldKeyAndWithOldRow() {
    Tuple old = PgOutputBytes.tuple("1", null);
    Tuple row = PgOutputBytes.tuple("2", "x");
    var plain = (PgOutputMessage.Update) decoder.decode(PgOutputBytes.update(3, null, false, row));
    assertThat(plain.old()).isNull();
    assertThat(plain.row().text(1)).isEqualTo("x");
    var key = (PgOutputMessage.Update) decoder.decode(PgOutputBytes.update(3, old, true, row));
    assertThat(key.oldIsKey()).isTrue();
    assertThat(key.old()).isNotNull().satisfies(t -> assertThat(t.text(0)).isEqualTo("1"));
    assertThat(key.row().text(0)).isEqualTo("2");
    var full = (PgOutputMessage.Update) decoder.decode(PgOutputBytes.update(3, old, false, row));
    assertThat(full.oldIsKey()).isFalse();
    assertThat(full.old()).isNotNull();
  }

  @Test
  void deleteByKeyAndByRow() {
    Tuple old = PgOutputBytes.tuple("1");
    assertThat(((PgOutputMessage.Delete) decoder.decode(PgOutputBytes.delete(3, old, true))).oldIsKey()).isTrue();
    assertThat(((PgOutputMessage.Delete) decoder.decode(PgOutputBytes.delete(3, old, false))).oldIsKey()).isFalse();
  }

  @Test
  void truncateAndMessage() {
    assertThat(decoder.decode(PgOutputBytes.truncate(3, 5, 6)))
        .isEqualTo(new PgOutputMessage.Truncate(List.of(5, 6), true, true));
    var message =
        (PgOutputMessage.Message)
            decoder.decode(
                new PgOutputBytes().int8('M').int8(1).int64(8).string("p").int32(2).int16(513).message());
    assertThat(message.transactional()).isTrue();
    assertThat(message.prefix()).isEqualTo("p");
    assertThat(message.content()).containsExactly(2, 1);
  }

  @Test
  void whatIsNoMessageIsCorrupt() {
    List<ByteBuffer> bad =
        List.of(
            new PgOutputBytes().message(),
            new PgOutputBytes().int8('S').int64(1).message(),
            new PgOutputBytes().int8('B').int64(1).message(),
            new PgOutputBytes().int8('C').int8(1).int64(1).int64(1).int64(1).message(),
            new PgOutputBytes().int8('O').int64(1).raw(new byte[] {'a', 'b'}).message(),
            new PgOutputBytes().int8('O').int64(1).raw(new byte[] {(byte) 0xC3, 0}).message(),
            new PgOutputBytes().int8('I').int32(1).int8('K').int16(0).message(),
            new PgOutputBytes().int8('I').int32(1).int8('N').int16(0xFFFF).message(),
            new PgOutputBytes().int8('I').int32(1).int8('N').int16(1).int8('t').int32(-1).message(),
            new PgOutputBytes().int8('I').int32(1).int8('N').int16(1).int8('x').message(),
            new PgOutputBytes().int8('I').int32(1).int8('N').int16(0).int8(0).message(),
            new PgOutputBytes().int8('T').int32(Integer.MAX_VALUE).int8(0).message(),
            new PgOutputBytes().int8('M').int8(0).int64(1).string("p").int32(Integer.MAX_VALUE).message());
    assertThat(bad)
        .allSatisfy(message ->
            assertThatThrownBy(() -> decoder.decode(message)).isInstanceOf(CorruptionException.class));
  }

  @Test
  void mutatedMessagesNeverDoWorseThanCorruption() {
    long seed = Long.getLong("helios.seed", System.nanoTime());
    Random random = new Random(seed);
    Tuple row = PgOutputBytes.tuple("1", null, "\0u", "some text");
    List<ByteBuffer> good =
        List.of(
            PgOutputBytes.begin(1, 2),
            PgOutputBytes.commit(1, 2, 3),
            PgOutputBytes.relation(RELATION),
            PgOutputBytes.insert(3, row),
            PgOutputBytes.update(3, row, true, row),
            PgOutputBytes.delete(3, row, false),
            PgOutputBytes.truncate(1, 5, 6, 7),
            new PgOutputBytes().int8('Y').int32(5).string("public").string("mood").message(),
            new PgOutputBytes().int8('O').int64(9).string("node").message(),
            new PgOutputBytes().int8('M').int8(0).int64(8).string("p").int32(2).int16(513).message());
    int refused = 0;
    for (int i = 0; i < 200_000; i++) {
      ByteBuffer original = good.get(random.nextInt(good.size()));
      byte[] bytes = new byte[random.nextInt(5) == 0 ? random.nextInt(original.limit() + 1) : original.limit()];
      original.get(0, bytes);
      for (int m = 0; m < 1 + random.nextInt(3) && bytes.length > 0; m++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        decoder.decode(ByteBuffer.wrap(bytes));
      } catch (CorruptionException e) {
        refused++;
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
    assertThat(refused).isGreaterThan(10_000);
  }
}
