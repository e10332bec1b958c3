package io.helios.repl.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.helios.repl.change.ChangeReader;
import io.helios.repl.change.ChangeWriter;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputBytes;
import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import io.helios.repl.seal.FrameMeta;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.MemoryKeyring;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A million damaged messages, payloads and frames: each is read or refused by an error of the family; none ends in another
 * exception, takes long, or takes memory that its own length does not account for.
 */
@Timeout(120)
class MutatedInputTest {

  private static final Relation ORDERS =
      new Relation(
          16400, "public", "orders", 'f',
          List.of(
              new Relation.Column("id", 20, -1, true),
              new Relation.Column("tenant_id", 23, -1, true),
              new Relation.Column("note", 25, -1, true)));
  private static final Tuple ROW = PgOutputBytes.tuple("1", null, "some text that is longer than the others");
  private static final Tuple BINARY = PgOutputBytes.binaryTuple(new byte[8], new byte[4], new byte[300]);

  /** What exceptions, their messages and a decoded relation take at most, beside the input. */
  private static final long ALLOWANCE = 64 << 10;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private interface Reader {
    void read(byte[] bytes);
  }

  /** Returns how many were read without complaint. */
  private static int refusesOrReads(String what, List<byte[]> samples, int times, Reader reader) {
    samples.forEach(reader::read);
    int read = 0;
    for (int seed = 0; seed < times; seed++) {
      byte[] bytes = new Mutations(seed).of(samples);
      read += wasRead(what + ", seed " + seed, bytes, reader) ? 1 : 0;
    }
    assertThat(read).as("damage that goes unnoticed is rare, and so is damage that is always noticed").isBetween(1, times - 1);
    return read;
  }

  private static boolean wasRead(String what, byte[] bytes, Reader reader) {
    long taken = Long.MAX_VALUE;
    boolean read = false;
    // Twice, if need be: the first error of a kind loads classes.
    for (int attempt = 0; attempt < 2 && taken > 16L * bytes.length + ALLOWANCE; attempt++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      try {
        reader.read(bytes);
        read = true;
      } catch (CorruptionException e) {
        assertThat(e.problem().message()).isNotBlank();
      } catch (RuntimeException | Error e) {
        fail(what, e);
      }
      taken = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    if (taken > 16L * bytes.length + ALLOWANCE) {
      fail(what + ": " + taken + " bytes of memory for " + bytes.length + " of input");
    }
    return read;
  }

  @Test
  void theDecoderOfTheWalStream() {
    PgOutputDecoder decoder = new PgOutputDecoder();
    refusesOrReads("message", messages(), 400_000, bytes -> decoder.decode(ByteBuffer.wrap(bytes)));
  }

  private static List<byte[]> messages() {
    List<ByteBuffer> messages = new ArrayList<>();
    messages.add(PgOutputBytes.begin(100, 5));
    messages.add(PgOutputBytes.commit(100, 110, 5));
    messages.add(PgOutputBytes.relation(ORDERS));
    messages.add(PgOutputBytes.insert(16400, ROW));
    messages.add(PgOutputBytes.insert(16400, BINARY));
    messages.add(PgOutputBytes.update(16400, null, false, ROW));
    messages.add(PgOutputBytes.update(16400, ROW, false, BINARY));
    messages.add(PgOutputBytes.delete(16400, ROW, true));
    messages.add(PgOutputBytes.truncate(3, 16400, 16401));
    return messages.stream().map(m -> Arrays.copyOfRange(m.array(), m.arrayOffset(), m.arrayOffset() + m.limit())).toList();
  }

  @Test
  void theReaderOfAFramesChanges() {
    refusesOrReads("payload", payloads(), 400_000, bytes -> {
      ChangeReader reader = new ChangeReader(bytes, 0, bytes.length);
      while (reader.next() != null) {
        // What it says is not looked at.
      }
    });
  }

  private static List<byte[]> payloads() {
    ChangeWriter writer = new ChangeWriter();
    writer.begin(new Lsn(100), 5, false);
    writer.insert(ORDERS, ROW);
    writer.update(ORDERS, ROW, true, BINARY);
    writer.end(new Lsn(100));
    byte[] one = Arrays.copyOf(writer.array(), writer.size());
    writer.begin(new Lsn(200), 5, true);
    writer.delete(ORDERS, BINARY, false);
    writer.truncate(ORDERS, true);
    return List.of(one, Arrays.copyOf(writer.array(), writer.size()));
  }

  @Test
  void theOpenerOfFramesNeverTakesOneThatWasTouched() {
    UUID tenant = new UUID(1, 1);
    MemoryKeyring keyring = new MemoryKeyring();
    keyring.create(tenant);
    byte[] salt = new byte[32];
    byte[] plain = payloads().getLast();
    try (FrameSealer sealer = new FrameSealer(keyring, 1);
        FrameOpener opener = new FrameOpener(keyring)) {
      FrameMeta meta = new FrameMeta(tenant, FrameHeader.STREAM, 1, 42, 1, 100, 200, 5, 5, false, 4);
      Frame frame = sealer.seal(new FrameSlot(3, salt, 0, 1), meta, plain, plain.length);
      byte[] whole = ByteBuffer.allocate(FrameHeader.BYTES + frame.sealed().length)
          .put(frame.header().encode())
          .put(frame.sealed())
          .array();
      refusesOrReads("frame", List.of(whole), 200_000, bytes -> {
        if (bytes.length < FrameHeader.BYTES) {
          return; // the journal knows how long a header is
        }
        FrameHeader header = FrameHeader.decode(bytes, 0);
        byte[] sealed = Arrays.copyOfRange(bytes, FrameHeader.BYTES, bytes.length);
        byte[] opened = opener.open(new Frame(header, salt, sealed));
        if (!Arrays.equals(bytes, whole)) {
          fail("opened what was not sealed: " + opened.length + " bytes");
        }
      });
    }
  }
}
