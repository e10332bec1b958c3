package io.helios.repl.postgres;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Builds pgoutput messages and tuples by hand, for tests. */
public final class PgOutputBytes {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A tuple of text columns; null makes a null, {@code "\0u"} an unchanged TOAST value. */
  public static Tuple tuple(@Nullable String... values) {
    byte[] bytes = new PgOutputBytes().columns(values).bytes();
    return Tuple.of(bytes, 0, bytes.length);
  }

  /** A tuple of binary columns. */
  public static Tuple binaryTuple(byte[]... values) {
    PgOutputBytes bytes = new PgOutputBytes().int16(values.length);
    for (byte[] value : values) {
      bytes.int8('b').int32(value.length).raw(value);
    }
    return Tuple.of(bytes.bytes(), 0, bytes.bytes().length);
  }

  public PgOutputBytes int8(int value) {
    out.write(value);
    return this;
  }

  public PgOutputBytes int16(int value) {
    return raw(ByteBuffer.allocate(2).putShort((short) value).array());
  }

  public PgOutputBytes int32(int value) {
    return raw(ByteBuffer.allocate(4).putInt(value).array());
  }

  public PgOutputBytes int64(long value) {
    return raw(ByteBuffer.allocate(8).putLong(value).array());
  }

  public PgOutputBytes string(String value) {
    return raw(value.getBytes(StandardCharsets.UTF_8)).int8(0);
  }

  public PgOutputBytes raw(byte[] value) {
    out.writeBytes(value);
    return this;
  }

  public PgOutputBytes columns(@Nullable String... values) {
    int16(values.length);
    for (String value : values) {
      if (value == null) {
        int8('n');
      } else if (value.equals("\0u")) {
        int8('u');
      } else {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        int8('t').int32(utf8.length).raw(utf8);
      }
    }
    return this;
  }

  public PgOutputBytes tuple(Tuple tuple) {
    out.write(tuple.array(), tuple.start(), tuple.byteLength());
    return this;
  }

  public byte[] bytes() {
    return out.toByteArray();
  }

  /** As pgjdbc gives messages: a slice that does not start at the array's beginning. */
  public ByteBuffer message() {
    byte[] body = bytes();
    byte[] array = new byte[body.length + 25];
    System.arraycopy(body, 0, array, 25, body.length);
    return ByteBuffer.wrap(array).position(25).slice();
  }

  // Whole messages, for tests of what stands above the decoder.

  public static ByteBuffer begin(long commitLsn, long micros) {
    return new PgOutputBytes().int8('B').int64(commitLsn).int64(micros).int32(7).message();
  }

  public static ByteBuffer commit(long commitLsn, long endLsn, long micros) {
    return new PgOutputBytes().int8('C').int8(0).int64(commitLsn).int64(endLsn).int64(micros).message();
  }

  public static ByteBuffer relation(Relation relation) {
    PgOutputBytes bytes =
        new PgOutputBytes()
            .int8('R')
            .int32(relation.oid())
            .string(relation.schema())
            .string(relation.name())
            .int8(relation.replicaIdentity())
            .int16(relation.columns().size());
    for (Relation.Column column : relation.columns()) {
      bytes.int8(column.key() ? 1 : 0).string(column.name()).int32(column.typeOid()).int32(column.typeModifier());
    }
    return bytes.message();
  }

  public static ByteBuffer insert(int oid, Tuple row) {
    return new PgOutputBytes().int8('I').int32(oid).int8('N').tuple(row).message();
  }

  public static ByteBuffer update(int oid, @Nullable Tuple old, boolean oldIsKey, Tuple row) {
    PgOutputBytes bytes = new PgOutputBytes().int8('U').int32(oid);
    if (old != null) {
      bytes.int8(oldIsKey ? 'K' : 'O').tuple(old);
    }
    return bytes.int8('N').tuple(row).message();
  }

  public static ByteBuffer delete(int oid, Tuple old, boolean oldIsKey) {
    return new PgOutputBytes().int8('D').int32(oid).int8(oldIsKey ? 'K' : 'O').tuple(old).message();
  }

  public static ByteBuffer message(boolean transactional, String prefix, byte[] content) {
    return new PgOutputBytes()
        .int8('M')
        .int8(transactional ? 1 : 0)
        .int64(1)
        .string(prefix)
        .int32(content.length)
        .raw(content)
        .message();
  }

  public static ByteBuffer truncate(int options, int... oids) {
    PgOutputBytes bytes = new PgOutputBytes().int8('T').int32(oids.length).int8(options);
    for (int oid : oids) {
      bytes.int32(oid);
    }
    return bytes.message();
  }
}
