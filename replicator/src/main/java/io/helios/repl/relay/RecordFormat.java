package io.helios.repl.relay;

import io.helios.repl.error.CorruptionException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of records, big-endian. {@code crc} is CRC-32C (RFC 3720, appendix B.4) of everything in the record before it.
 *
 * <pre>
 * FRAME         1 | previous (4) | header (108) | crc of sealed (4) | crc (4) | sealed (header's sealed length)
 * MARK          2 | segment (8) | this offset (8) | end of the mark before it in the segment, or 0 (8)
 *                 | captured up to (8) | system identifier (8) | timeline (4) | last transaction's position (8)
 *                 | its commit time (8) | its id (4) | crc (4)
 * TENANTS       3 | count (4) | count × ( tenant (16) | born (8) | next sequence (8) | last position (8)
 *                                        | acknowledged sequence (8) | dropped (1) ) | crc (4)
 * DROPPED       4 | tenant (16) | crc (4)
 * FORGOTTEN     5 | tenant (16) | crc (4)
 * ACKNOWLEDGED  6 | tenant (16) | sequence (8) | crc (4)
 * </pre>
 *
 * A mark names its place, so that one can be told from chance bytes anywhere in a damaged segment, and the place up to
 * which everything had been synced before it was written. A zero is no kind:
 * a file that grew without its content having been written does not look like records.
 */
final class RecordFormat {

  static final byte FRAME = 1;
  static final byte MARK = 2;
  static final byte TENANTS = 3;
  static final byte DROPPED = 4;
  static final byte FORGOTTEN = 5;
  static final byte ACKNOWLEDGED = 6;

  static final int CRC_BYTES = 4;
  static final int FRAME_PREFIX_BYTES = 1 + 4 + FrameHeader.BYTES + 4 + CRC_BYTES;
  static final int MARK_BYTES = 1 + 4 * 8 + 8 + 4 + 8 + 8 + 4 + CRC_BYTES;
  static final int TENANT_BYTES = 1 + 16 + CRC_BYTES;
  static final int ACKNOWLEDGED_BYTES = 1 + 16 + 8 + CRC_BYTES;
  private static final int COUNT_END = 1 + 4;
  private static final int ENTRY_BYTES = 16 + 4 * 8 + 1;

  private RecordFormat() {}

  static int crc(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return (int) crc.getValue();
  }

  /** Everything of a frame's record but what was sealed. */
  static void putFramePrefix(ByteBuffer out, int previous, Frame frame) {
    int start = out.position();
    out.put(FRAME).putInt(previous).put(frame.header().encode()).putInt(crc(frame.sealed(), 0, frame.sealed().length));
    putCrc(out, start);
  }

  static void putMark(
      ByteBuffer out, long segment, long offset, long previousEnd, long capturedUpTo, Provenance provenance) {
    int start = out.position();
    out.put(MARK).putLong(segment).putLong(offset).putLong(previousEnd).putLong(capturedUpTo);
    out.putLong(provenance.systemIdentifier())
        .putInt(provenance.timeline())
        .putLong(provenance.position())
        .putLong(provenance.commitMicros())
        .putInt(provenance.transaction());
    putCrc(out, start);
  }

  static int tenantsBytes(int count) {
    return Math.addExact(COUNT_END + CRC_BYTES, Math.multiplyExact(count, ENTRY_BYTES));
  }

  static void putTenants(ByteBuffer out, List<JournalRecord.TenantEntry> tenants) {
    int start = out.position();
    out.put(TENANTS).putInt(tenants.size());
    for (JournalRecord.TenantEntry entry : tenants) {
      putTenant(out, entry.tenant());
      out.putLong(entry.born())
          .putLong(entry.nextSequence())
          .putLong(entry.lastPosition())
          .putLong(entry.acknowledgedSequence())
          .put((byte) (entry.dropped() ? 1 : 0));
    }
    putCrc(out, start);
  }

  static void putDropped(ByteBuffer out, UUID tenant) {
    int start = out.position();
    putTenant(out.put(DROPPED), tenant);
    putCrc(out, start);
  }

  static void putForgotten(ByteBuffer out, UUID tenant) {
    int start = out.position();
    putTenant(out.put(FORGOTTEN), tenant);
    putCrc(out, start);
  }

  static void putAcknowledged(ByteBuffer out, UUID tenant, long sequence) {
    int start = out.position();
    putTenant(out.put(ACKNOWLEDGED), tenant);
    out.putLong(sequence);
    putCrc(out, start);
  }

  /**
   * How many bytes {@link #decode} needs, as far as the first {@code available} (at least one) tell; 0 when no record
   * starts so. Ask again once there are that many.
   */
  static long length(byte[] bytes, int at, int available) {
    return switch (bytes[at]) {
      case FRAME -> FRAME_PREFIX_BYTES;
      case MARK -> MARK_BYTES;
      case DROPPED, FORGOTTEN -> TENANT_BYTES;
      case ACKNOWLEDGED -> ACKNOWLEDGED_BYTES;
      case TENANTS -> {
        if (available < COUNT_END) {
          yield COUNT_END;
        }
        int count = ByteBuffer.wrap(bytes, at + 1, 4).getInt();
        yield count < 0 ? 0 : COUNT_END + (long) count * ENTRY_BYTES + CRC_BYTES;
      }
      default -> 0;
    };
  }

  /** The record of {@link #length} bytes that stands at this offset of this segment; null when they are not one. */
  static @Nullable JournalRecord decode(byte[] bytes, int at, int length, long segment, long offset) {
    ByteBuffer in = ByteBuffer.wrap(bytes, at, length);
    if (crc(bytes, at, length - CRC_BYTES) != in.getInt(at + length - CRC_BYTES)) {
      return null;
    }
    return switch (in.get()) {
      case FRAME -> decodeFrame(bytes, at, in);
      case MARK ->
          in.getLong() == segment && in.getLong() == offset
              ? new JournalRecord.Mark(
                  in.getLong(),
                  in.getLong(),
                  new Provenance(in.getLong(), in.getInt(), in.getLong(), in.getLong(), in.getInt()))
              : null;
      case TENANTS -> decodeTenants(in);
      case DROPPED -> new JournalRecord.Dropped(getTenant(in));
      case FORGOTTEN -> new JournalRecord.Forgotten(getTenant(in));
      case ACKNOWLEDGED -> new JournalRecord.Acknowledged(getTenant(in), in.getLong());
      default -> null;
    };
  }

  private static @Nullable JournalRecord decodeFrame(byte[] bytes, int at, ByteBuffer in) {
    int previous = in.getInt();
    try {
      FrameHeader header = FrameHeader.decode(bytes, at + 5);
      return new JournalRecord.FrameRecord(previous, header, in.getInt(at + 5 + FrameHeader.BYTES));
    } catch (CorruptionException malformed) {
      return null;
    }
  }

  private static JournalRecord decodeTenants(ByteBuffer in) {
    int count = in.getInt();
    List<JournalRecord.TenantEntry> tenants = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      tenants.add(
          new JournalRecord.TenantEntry(
              getTenant(in), in.getLong(), in.getLong(), in.getLong(), in.getLong(), in.get() != 0));
    }
    return new JournalRecord.Tenants(tenants);
  }

  private static void putCrc(ByteBuffer out, int start) {
    CRC32C crc = new CRC32C();
    crc.update(out.duplicate().flip().position(start));
    out.putInt((int) crc.getValue());
  }

  private static ByteBuffer putTenant(ByteBuffer out, UUID tenant) {
    return out.putLong(tenant.getMostSignificantBits()).putLong(tenant.getLeastSignificantBits());
  }

  private static UUID getTenant(ByteBuffer in) {
    return new UUID(in.getLong(), in.getLong());
  }
}
