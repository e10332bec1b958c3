package io.helios.repl.postgres.schema;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the table of contents of pg_dump's custom format (PostgreSQL: {@code ReadHead} and {@code ReadToc} in
 * {@code pg_backup_archiver.c}, {@code pg_backup_custom.c}). In it each definition stands by itself, with the object that it is
 * of; the SQL script would have to be taken apart by its text, in which a tenant may write what it likes.
 *
 * <pre>
 * "PGDMP" major minor revision sizeof(int) sizeof(off_t) format       one byte each
 * compression, seven numbers of a date, database, versions
 * number of entries, then each: numbers and strings, its dependencies, a place in the file
 * </pre>
 *
 * A number is a byte for its sign and then its bytes, the lowest first; a string is its length, negative for none, and then
 * its bytes.
 */
final class Archive {

  private static final byte[] MAGIC = "PGDMP".getBytes(StandardCharsets.US_ASCII);
  private static final int CUSTOM = 1;

  /** Of PostgreSQL 12 to 15, of 16, and of 17 on. */
  private static final int OLDEST = 14;

  private static final int NEWEST = 16;

  private final ByteBuffer bytes;
  private int minor;
  private int intSize;
  private int offsetSize;

  private Archive(byte[] bytes) {
    this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The entries in an order in which they can be created.
   *
   * @throws CorruptionException when it is no archive, or one of a version that is not known
   */
  static List<ArchiveEntry> read(byte[] archive) {
    try {
      return new Archive(archive).entries();
    } catch (BufferUnderflowException e) {
      throw unreadable("it ends too early");
    }
  }

  private List<ArchiveEntry> entries() {
    head();
    int count = number();
    List<ArchiveEntry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries.add(entry());
    }
    return entries;
  }

  private void head() {
    byte[] magic = new byte[MAGIC.length];
    bytes.get(magic);
    if (!java.util.Arrays.equals(magic, MAGIC)) {
      throw unreadable("it is no archive of pg_dump");
    }
    int major = bytes.get();
    minor = bytes.get();
    bytes.get(); // revision
    intSize = bytes.get();
    offsetSize = bytes.get();
    int format = bytes.get();
    if (major != 1 || minor < OLDEST || minor > NEWEST || format != CUSTOM || intSize != 4) {
      throw unreadable("its format is " + major + "." + minor + ", which this program does not know");
    }
    if (minor >= 15) {
      bytes.get(); // compression algorithm
    } else {
      number(); // compression level
    }
    for (int i = 0; i < 7; i++) {
      number(); // of its date
    }
    text(); // database
    text(); // server's version
    text(); // pg_dump's
  }

  private ArchiveEntry entry() {
    int number = number();
    number(); // whether there are rows to it
    long catalog = oid();
    long oid = oid();
    String tag = or(text(), "");
    String kind = or(text(), "");
    number(); // section
    String definition = or(text(), "");
    String drop = or(text(), "");
    text(); // COPY
    String schema = text();
    text(); // tablespace
    text(); // access method
    if (minor >= 16) {
      number(); // kind of relation
    }
    String owner = or(text(), "");
    text(); // left from WITH OIDS
    List<Integer> uses = new ArrayList<>();
    for (String used = text(); used != null; used = text()) {
      uses.add(Integer.valueOf(used));
    }
    bytes.position(bytes.position() + 1 + offsetSize);
    return new ArchiveEntry(
        number, catalog, oid, kind, tag, definition, drop, schema == null || schema.isEmpty() ? null : schema, owner, uses);
  }

  private long oid() {
    String text = text();
    return text == null || text.isEmpty() ? 0 : Long.parseLong(text);
  }

  private int number() {
    boolean negative = bytes.get() != 0;
    int value = bytes.getInt();
    return negative ? -value : value;
  }

  private @Nullable String text() {
    int length = number();
    if (length < 0) {
      return null;
    }
    if (length > bytes.remaining()) {
      throw unreadable("it ends too early");
    }
    byte[] text = new byte[length];
    bytes.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static String or(@Nullable String text, String otherwise) {
    return text == null ? otherwise : text;
  }

  private static CorruptionException unreadable(String why) {
    return new CorruptionException(
        new Problem(
            ErrorCode.PG_DUMP_ARCHIVE,
            "what pg_dump wrote cannot be read",
            why,
            "name another pg_dump in the configuration (pg-dump: PATH), or pg-dump: none"));
  }
}
