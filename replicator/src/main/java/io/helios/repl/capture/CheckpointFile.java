package io.helios.repl.capture;

import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.seal.PrivateFiles;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a {@link CheckpointState} in a file beside the source's journal: after a crash it is the old one or the new one.
 *
 * <pre>
 *   "HRCP" version int32  CRC-32C of the rest int32
 *   system identifier int64  timeline int32  LSN int64  below int64
 *   tables int32   { oid int32  highest value?  horizon value? }
 *   fences int32   { tag int8  1: strings virtual, strings prepared   2: until int64, xid int64, passed int8
 *                    ceilings int32 { oid int32  value? } }
 *   value? := present int8, string;   strings := int32, string…;   string := length int32, UTF-8 bytes
 * </pre>
 *
 * Owned by the capture thread.
 */
public final class CheckpointFile {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFile.class);
  private static final int MAGIC = 0x48524350;
  private static final int VERSION = 1;
  private static final int HEADER = 12;
  private static final byte RUNNING = 1;
  private static final byte REPLAY = 2;

  private final Path file;

  /** @param directory the source's own */
  public CheckpointFile(Path directory) {
    this.file = directory.resolve("checkpoint.state");
  }

  /**
   * What was written last; empty when there is nothing, or nothing that can be read.
   *
   * @throws TransientException when the disk refuses
   */
  public Optional<CheckpointState> read() {
    byte[] bytes;
    try {
      PrivateFiles.removeLeftovers(file);
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException e) {
      throw refused("read", e);
    }
    ByteBuffer header = ByteBuffer.wrap(bytes);
    if (bytes.length < HEADER
        || header.getInt() != MAGIC
        || header.getInt() != VERSION
        || header.getInt() != checksum(bytes)) {
      LOG.error("{} is damaged", file);
      return Optional.empty();
    }
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, HEADER, bytes.length - HEADER))) {
      return Optional.of(state(in));
    } catch (IOException e) {
      LOG.error("{} is cut short", file);
      return Optional.empty();
    }
  }

  /**
   * Durable on return.
   *
   * @throws TransientException when the disk refuses
   */
  public void write(CheckpointState state) {
    try {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      body.write(new byte[HEADER]);
      try (DataOutputStream out = new DataOutputStream(body)) {
        put(out, state);
      }
      byte[] bytes = body.toByteArray();
      ByteBuffer.wrap(bytes).putInt(MAGIC).putInt(VERSION).putInt(checksum(bytes));
      PrivateFiles.replace(file, bytes);
    } catch (IOException e) {
      throw refused("written", e);
    }
  }

  private static int checksum(byte[] bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes, HEADER, bytes.length - HEADER);
    return (int) sum.getValue();
  }

  private TransientException refused(String what, IOException e) {
    return new TransientException(
        new Problem(
            ErrorCode.CHECKPOINT_STATE_REFUSED,
            "how far the source was polled cannot be " + what,
            DiskTrouble.of(e),
            "look at the disk: df " + file.toAbsolutePath().getParent()),
        e);
  }

  private static void put(DataOutputStream out, CheckpointState state) throws IOException {
    out.writeLong(state.systemIdentifier());
    out.writeInt(state.timeline());
    out.writeLong(state.lsn().value());
    out.writeLong(state.below());
    out.writeInt(state.marks().size());
    for (TableMark mark : state.marks()) {
      out.writeInt(mark.oid());
      putValue(out, mark.highest());
      putValue(out, mark.horizon());
    }
    out.writeInt(state.pending().size());
    for (Horizon.Pending pending : state.pending()) {
      switch (pending.fence()) {
        case Fence.Running(Set<String> virtual, Set<String> prepared) -> {
          out.writeByte(RUNNING);
          putStrings(out, virtual);
          putStrings(out, prepared);
        }
        case Fence.Replay(long untilMicros, long xid, boolean passed) -> {
          out.writeByte(REPLAY);
          out.writeLong(untilMicros);
          out.writeLong(xid);
          out.writeBoolean(passed);
        }
      }
      out.writeInt(pending.ceilings().size());
      for (Map.Entry<Integer, String> ceiling : pending.ceilings().entrySet()) {
        out.writeInt(ceiling.getKey());
        putString(out, ceiling.getValue());
      }
    }
  }

  private static void putValue(DataOutputStream out, @Nullable String value) throws IOException {
    out.writeBoolean(value != null);
    if (value != null) {
      putString(out, value);
    }
  }

  private static void putStrings(DataOutputStream out, Collection<String> strings) throws IOException {
    out.writeInt(strings.size());
    for (String string : strings) {
      putString(out, string);
    }
  }

  private static void putString(DataOutputStream out, String string) throws IOException {
    byte[] utf8 = string.getBytes(StandardCharsets.UTF_8);
    out.writeInt(utf8.length);
    out.write(utf8);
  }

  private static CheckpointState state(DataInputStream in) throws IOException {
    long systemIdentifier = in.readLong();
    int timeline = in.readInt();
    Lsn lsn = new Lsn(in.readLong());
    long below = in.readLong();
    List<TableMark> marks = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      marks.add(new TableMark(in.readInt(), value(in), value(in)));
    }
    List<Horizon.Pending> pending = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      byte tag = in.readByte();
      Fence fence =
          switch (tag) {
            case RUNNING -> new Fence.Running(strings(in), strings(in));
            case REPLAY -> new Fence.Replay(in.readLong(), in.readLong(), in.readBoolean());
            default -> throw new IOException("an unknown fence");
          };
      Map<Integer, String> ceilings = new HashMap<>();
      for (int each = in.readInt(); each > 0; each--) {
        ceilings.put(in.readInt(), string(in));
      }
      pending.add(new Horizon.Pending(fence, ceilings));
    }
    return new CheckpointState(systemIdentifier, timeline, lsn, below, marks, pending);
  }

  private static @Nullable String value(DataInputStream in) throws IOException {
    return in.readBoolean() ? string(in) : null;
  }

  private static Set<String> strings(DataInputStream in) throws IOException {
    Set<String> strings = new HashSet<>();
    for (int left = in.readInt(); left > 0; left--) {
      strings.add(string(in));
    }
    return strings;
  }

  private static String string(DataInputStream in) throws IOException {
    return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
  }
}
