package io.helios.repl.change;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The marker of a cutover: a transactional logical message that the source's last act for a tenant puts into its WAL,
 * behind the tenant's last write, and that travels as the tenant's last change. Who applies it takes the tenant's epoch.
 *
 * <p>Anybody who can connect may write such a message ({@code pg_logical_emit_message} asks for no right), so it counts
 * only with the token that the target was told of before.
 *
 * <pre>
 *   content := version int8 (1)  tenant 16 bytes  epoch int64  token 16 bytes  count int32
 *              { schema name table-schema table column (UTF, each)  last value int64  called int8  increment int64 }
 * </pre>
 *
 * @param tenant whose
 * @param epoch that the target shall take; 0 in a rehearsal, which nobody takes
 * @param token told to the target before; nobody else can know it
 * @param sequences their true values, read when nobody could draw from them for this tenant any more
 */
public record CutoverMarker(UUID tenant, long epoch, UUID token, List<Sequence> sequences) {

  /** Of the logical message. */
  public static final String PREFIX = "helios-repl/cutover";

  /** What is longer is not ours. */
  public static final int MOST_BYTES = 4 << 20;

  private static final int VERSION = 1;

  /**
   * A sequence that feeds a column of the tenant's tables.
   *
   * @param lastValue handed out last, where {@code called}; else what will be handed out first
   */
  public record Sequence(
      String schema,
      String name,
      String tableSchema,
      String table,
      String column,
      long lastValue,
      boolean called,
      long increment) {}

  public CutoverMarker {
    sequences = List.copyOf(sequences);
  }

  /** The message's content. */
  public byte[] content() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      write(out, tenant);
      out.writeLong(epoch);
      write(out, token);
      out.writeInt(sequences.size());
      for (Sequence sequence : sequences) {
        out.writeUTF(sequence.schema());
        out.writeUTF(sequence.name());
        out.writeUTF(sequence.tableSchema());
        out.writeUTF(sequence.table());
        out.writeUTF(sequence.column());
        out.writeLong(sequence.lastValue());
        out.writeBoolean(sequence.called());
        out.writeLong(sequence.increment());
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return bytes.toByteArray();
  }

  /** Empty for what is no marker: anybody may write messages with our prefix. */
  public static Optional<CutoverMarker> read(byte[] content) {
    if (content.length > MOST_BYTES) {
      return Optional.empty();
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(content))) {
      if (in.readByte() != VERSION) {
        return Optional.empty();
      }
      UUID tenant = uuid(in);
      long epoch = in.readLong();
      UUID token = uuid(in);
      int count = in.readInt();
      List<Sequence> sequences = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        sequences.add(
            new Sequence(
                in.readUTF(), in.readUTF(), in.readUTF(), in.readUTF(), in.readUTF(), in.readLong(), in.readBoolean(),
                in.readLong()));
      }
      return in.read() < 0 ? Optional.of(new CutoverMarker(tenant, epoch, token, sequences)) : Optional.empty();
    } catch (IOException malformed) {
      return Optional.empty();
    }
  }

  private static void write(DataOutputStream out, UUID uuid) throws IOException {
    out.writeLong(uuid.getMostSignificantBits());
    out.writeLong(uuid.getLeastSignificantBits());
  }

  private static UUID uuid(DataInputStream in) throws IOException {
    return new UUID(in.readLong(), in.readLong());
  }
}
