package io.helios.repl.change;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link ChangeWriter} wrote, entry by entry. Tuples are views of the payload's array, which must not be
 * written any more. Bytes that break the format end in {@link CorruptionException}; nothing is allocated that the
 * payload's own length does not bound. Not thread-safe; what it returns may cross threads.
 */
public final class ChangeReader {

  private static final int MIN_COLUMN_BYTES = 11;

  private final ByteBuffer in;
  private final List<Relation> relations = new ArrayList<>();
  private @Nullable Lsn open;

  public ChangeReader(byte[] payload, int offset, int length) {
    this.in = ByteBuffer.wrap(payload, offset, length);
  }

  /**
   * The next entry, or null at the end.
   *
   * @throws CorruptionException when the payload is malformed
   */
  public @Nullable FrameEntry next() {
    try {
      while (in.hasRemaining()) {
        byte tag = in.get();
        if (tag != ChangeWriter.RELATION) {
          return entry(tag);
        }
        relations.add(relation());
      }
      return null;
    } catch (BufferUnderflowException e) {
      throw corrupt("an entry is cut short", e);
    } catch (Tuple.MalformedTupleException e) {
      throw corrupt(String.valueOf(e.getMessage()), e);
    } catch (CharacterCodingException e) {
      throw corrupt("a name is not UTF-8", e);
    }
  }

  private FrameEntry entry(byte tag) {
    if (tag == ChangeWriter.BEGIN) {
      return begin();
    }
    if (open == null) {
      throw corrupt("an entry stands outside a transaction", null);
    }
    if (tag == ChangeWriter.END) {
      return end(open);
    }
    return tag == ChangeWriter.MARKER ? marker() : change(tag);
  }

  private FrameEntry marker() {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw corrupt("a marker is cut short", null);
    }
    byte[] content = new byte[length];
    in.get(content);
    return new FrameEntry.Marker(
        CutoverMarker.read(content).orElseThrow(() -> corrupt("a marker is not what it should be", null)));
  }

  private FrameEntry begin() {
    if (open != null) {
      throw corrupt("a transaction begins inside another", null);
    }
    boolean continued = flag();
    Lsn commitLsn = new Lsn(in.getLong());
    open = commitLsn;
    return new FrameEntry.Begin(commitLsn, in.getLong(), continued);
  }

  private FrameEntry end(Lsn begun) {
    Lsn commitLsn = new Lsn(in.getLong());
    if (!commitLsn.equals(begun)) {
      throw corrupt("a transaction ends as another one", null);
    }
    open = null;
    return new FrameEntry.End(commitLsn);
  }

  private Change change(byte tag) {
    int index = Short.toUnsignedInt(in.getShort());
    if (index >= relations.size()) {
      throw corrupt("a change refers to a relation that is not there", null);
    }
    Relation relation = relations.get(index);
    return switch (tag) {
      case ChangeWriter.INSERT -> new Change.Insert(relation, tuple(relation));
      case ChangeWriter.UPDATE -> new Change.Update(relation, null, false, tuple(relation));
      case ChangeWriter.UPDATE_OLD_KEY -> new Change.Update(relation, tuple(relation), true, tuple(relation));
      case ChangeWriter.UPDATE_OLD_ROW -> new Change.Update(relation, tuple(relation), false, tuple(relation));
      case ChangeWriter.DELETE_KEY -> new Change.Delete(relation, tuple(relation), true);
      case ChangeWriter.DELETE_ROW -> new Change.Delete(relation, tuple(relation), false);
      case ChangeWriter.TRUNCATE -> new Change.Truncate(relation, flag());
      case ChangeWriter.UPSERT -> new Change.Upsert(relation, whole(tuple(relation)));
      default -> throw corrupt("an entry of unknown kind " + kind(tag) + ": perhaps a later version wrote it", null);
    };
  }

  private static String kind(byte tag) {
    return tag > ' ' && tag < 0x7F ? "'" + (char) tag + "'" : String.valueOf(tag & 0xFF);
  }

  private Tuple whole(Tuple row) {
    if (row.hasUnchanged()) {
      throw corrupt("a row that was polled lacks a value", null);
    }
    return row;
  }

  private Tuple tuple(Relation relation) {
    Tuple tuple = Tuple.read(in);
    if (tuple.columnCount() != relation.columns().size()) {
      throw corrupt("a row has another number of columns than its relation", null);
    }
    return tuple;
  }

  private Relation relation() throws CharacterCodingException {
    int oid = in.getInt();
    char identity = (char) (in.get() & 0xFF);
    String schema = string();
    String name = string();
    int count = Short.toUnsignedInt(in.getShort());
    if (count > in.remaining() / MIN_COLUMN_BYTES) {
      throw corrupt("a relation is cut short", null);
    }
    List<Relation.Column> columns = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      boolean key = flag();
      int type = in.getInt();
      int modifier = in.getInt();
      columns.add(new Relation.Column(string(), type, modifier, key));
    }
    return new Relation(oid, schema, name, identity, columns);
  }

  private String string() throws CharacterCodingException {
    int length = Short.toUnsignedInt(in.getShort());
    if (length > in.remaining()) {
      throw corrupt("a name is cut short", null);
    }
    ByteBuffer slice = in.slice(in.position(), length);
    in.position(in.position() + length);
    return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
  }

  private boolean flag() {
    byte value = in.get();
    if (value != 0 && value != 1) {
      throw corrupt("a flag is neither 0 nor 1", null);
    }
    return value == 1;
  }

  private CorruptionException corrupt(String what, @Nullable Throwable cause) {
    return new CorruptionException(
        new Problem(
            ErrorCode.CHANGES_MALFORMED,
            "a frame's changes cannot be decoded at byte " + in.position(),
            what,
            "report this; then: helios-repl tenant resync NAME"),
        cause);
  }
}
