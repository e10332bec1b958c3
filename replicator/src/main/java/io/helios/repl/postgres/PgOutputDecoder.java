package io.helios.repl.postgres;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Bytes to {@link PgOutputMessage}s, protocol version 1 (PostgreSQL: {@code src/backend/replication/logical/proto.c}).
 * Does no I/O and keeps no state; tuples are views of the message's array. Any thread.
 */
public final class PgOutputDecoder {

  private static final int MIN_COLUMN_BYTES = 10;

  /**
   * @param message one whole message, from the buffer's position to its limit; must have an array
   * @throws CorruptionException when it is no message of this protocol version
   */
  public PgOutputMessage decode(ByteBuffer message) {
    try {
      PgOutputMessage decoded = body(message.get(), message);
      if (message.hasRemaining()) {
        throw corrupt("bytes are left over", null);
      }
      return decoded;
    } catch (BufferUnderflowException e) {
      throw corrupt("it is cut short", e);
    } catch (Tuple.MalformedTupleException e) {
      throw corrupt(String.valueOf(e.getMessage()), e);
    } catch (CharacterCodingException e) {
      throw corrupt("a name is not UTF-8", e);
    }
  }

  private static PgOutputMessage body(byte tag, ByteBuffer in) throws CharacterCodingException {
    return switch (tag) {
      case 'B' -> new PgOutputMessage.Begin(lsn(in), in.getLong(), in.getInt());
      case 'C' -> commit(in);
      case 'O' -> new PgOutputMessage.Origin(lsn(in), string(in));
      case 'R' -> relation(in);
      case 'Y' -> new PgOutputMessage.Type(in.getInt(), namespace(in), string(in));
      case 'I' -> insert(in);
      case 'U' -> update(in);
      case 'D' -> delete(in);
      case 'T' -> truncate(in);
      case 'M' -> message(in);
      default -> throw corrupt("unknown message type " + (tag & 0xFF), null);
    };
  }

  private static PgOutputMessage commit(ByteBuffer in) {
    if (in.get() != 0) {
      throw corrupt("a commit has unknown flags", null);
    }
    return new PgOutputMessage.Commit(lsn(in), lsn(in), in.getLong());
  }

  private static PgOutputMessage relation(ByteBuffer in) throws CharacterCodingException {
    int oid = in.getInt();
    String schema = namespace(in);
    String name = string(in);
    char identity = (char) (in.get() & 0xFF);
    if ("dnfi".indexOf(identity) < 0) {
      throw corrupt("unknown replica identity " + (int) identity, null);
    }
    int count = in.getShort();
    if (count < 0 || count > in.remaining() / MIN_COLUMN_BYTES) {
      throw corrupt("a relation is cut short", null);
    }
    List<Relation.Column> columns = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      boolean key = (in.get() & 1) != 0;
      String column = string(in);
      columns.add(new Relation.Column(column, in.getInt(), in.getInt(), key));
    }
    return new PgOutputMessage.RelationMessage(new Relation(oid, schema, name, identity, columns));
  }

  private static PgOutputMessage insert(ByteBuffer in) {
    int oid = in.getInt();
    expect('N', in.get());
    return new PgOutputMessage.Insert(oid, Tuple.read(in));
  }

  private static PgOutputMessage update(ByteBuffer in) {
    int oid = in.getInt();
    byte kind = in.get();
    Tuple old = null;
    boolean oldIsKey = kind == 'K';
    if (kind != 'N') {
      old = old(kind, in);
      expect('N', in.get());
    }
    return new PgOutputMessage.Update(oid, old, oldIsKey, Tuple.read(in));
  }

  private static PgOutputMessage delete(ByteBuffer in) {
    int oid = in.getInt();
    byte kind = in.get();
    return new PgOutputMessage.Delete(oid, old(kind, in), kind == 'K');
  }

  private static PgOutputMessage truncate(ByteBuffer in) {
    int count = in.getInt();
    int options = in.get();
    if ((options & ~3) != 0 || count < 0 || count > in.remaining() / 4) {
      throw corrupt("a truncation's options or count do not fit", null);
    }
    List<Integer> oids = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      oids.add(in.getInt());
    }
    return new PgOutputMessage.Truncate(oids, (options & 1) != 0, (options & 2) != 0);
  }

  private static PgOutputMessage message(ByteBuffer in) throws CharacterCodingException {
    int flags = in.get();
    if ((flags & ~1) != 0) {
      throw corrupt("a message has unknown flags", null);
    }
    Lsn lsn = lsn(in);
    String prefix = string(in);
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw corrupt("a message's length does not fit", null);
    }
    byte[] content = new byte[length];
    in.get(content);
    return new PgOutputMessage.Message(flags == 1, lsn, prefix, content);
  }

  private static Tuple old(byte kind, ByteBuffer in) {
    if (kind != 'K' && kind != 'O') {
      throw corrupt("neither an old key nor an old row but " + (kind & 0xFF), null);
    }
    return Tuple.read(in);
  }

  private static void expect(char wanted, byte found) {
    if (found != wanted) {
      throw corrupt("expected " + wanted + " but found " + (found & 0xFF), null);
    }
  }

  private static Lsn lsn(ByteBuffer in) {
    return new Lsn(in.getLong());
  }

  /** pgoutput writes pg_catalog as an empty string. */
  private static String namespace(ByteBuffer in) throws CharacterCodingException {
    String schema = string(in);
    return schema.isEmpty() ? "pg_catalog" : schema;
  }

  private static String string(ByteBuffer in) throws CharacterCodingException {
    int start = in.position();
    while (in.get() != 0) {
      // Runs to the terminating zero, or out of the buffer.
    }
    ByteBuffer slice = in.slice(start, in.position() - 1 - start);
    return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
  }

  private static CorruptionException corrupt(String what, @Nullable Throwable cause) {
    return new CorruptionException(
        new Problem(
            ErrorCode.WAL_MESSAGE_MALFORMED,
            "a message of the WAL stream cannot be decoded",
            what,
            "check that the source runs PostgreSQL 14 to 18, then: helios-repl source check NAME"),
        cause);
  }
}
