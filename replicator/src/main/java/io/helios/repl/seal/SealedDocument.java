package io.helios.repl.seal;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.UUID;

/**
 * A document of a tenant's data as a file, sealed with the tenant's key like its frames: whoever destroys that key has
 * destroyed the document. It is a salt of its own and frames of a lane of its own, so no nonce is used twice. Any thread.
 *
 * <pre>
 *   file  := salt 32 bytes  frame*
 *   frame := header {@value FrameHeader#BYTES} bytes  sealed     the last one, and no other, is complete
 * </pre>
 */
public final class SealedDocument {

  private static final byte LANE = 9;
  private static final int SALT_BYTES = 32;
  private static final int PART_BYTES = 4 << 20;
  private static final int ZSTD_LEVEL = 3;

  private SealedDocument() {}

  /** Replaces the file, durably; its directory is there. */
  public static void write(Path file, Keyring keyring, UUID tenant, long epoch, byte[] content) throws IOException {
    byte[] salt = new byte[SALT_BYTES];
    new SecureRandom().nextBytes(salt);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(salt);
    try (FrameSealer sealer = new FrameSealer(keyring, ZSTD_LEVEL)) {
      int from = 0;
      int index = 0;
      do {
        int length = Math.min(PART_BYTES, content.length - from);
        boolean last = from + length == content.length;
        FrameMeta meta = new FrameMeta(tenant, LANE, epoch, 0, 0, 0, 0, 0, 0, last, 0);
        byte[] part = Arrays.copyOfRange(content, from, from + length);
        Frame frame = sealer.seal(new FrameSlot(1, salt, index, index + 1L), meta, part, length);
        out.write(frame.header().encode());
        out.write(frame.sealed());
        from += length;
        index++;
      } while (from < content.length);
    }
    PrivateFiles.replace(file, out.toByteArray());
  }

  /**
   * What was written.
   *
   * @throws CorruptionException when the key is gone, or the file is not what was written for this tenant and epoch
   */
  public static byte[] read(Path file, FrameKeys keys, UUID tenant, long epoch) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    boolean complete = false;
    byte[] salt = new byte[SALT_BYTES];
    try (FrameOpener opener = new FrameOpener(keys)) {
      if (in.remaining() >= SALT_BYTES) {
        in.get(salt);
      }
      for (int index = 0; in.hasRemaining() && !complete; index++) {
        FrameHeader header = FrameHeader.decode(in.array(), in.position());
        in.position(in.position() + FrameHeader.BYTES);
        boolean ours = header.tenant().equals(tenant) && header.epoch() == epoch && header.lane() == LANE
            && header.index() == index && header.sequence() == index + 1L && header.sealedLength() <= in.remaining();
        if (!ours) {
          throw new IOException("it is another document, or a part of one");
        }
        byte[] sealed = new byte[header.sealedLength()];
        in.get(sealed);
        content.write(opener.open(new Frame(header, salt, sealed)));
        complete = header.complete();
      }
    }
    if (!complete || in.hasRemaining()) {
      throw new IOException("it is not whole");
    }
    return content.toByteArray();
  }
}
