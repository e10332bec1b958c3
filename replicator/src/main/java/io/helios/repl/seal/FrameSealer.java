package io.helios.repl.seal;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;

/**
 * One tenant's changes → zstd → AES-256-GCM, with the whole header as additional authenticated data. Belongs to one
 * thread. Nothing of one frame is left for the next: no dictionary, no shared window.
 */
public final class FrameSealer implements AutoCloseable {

  /** The decompressor's window: frames are at most 8 MiB but for a single larger row. */
  static final int WINDOW_LOG = 23;

  private final Keyring keyring;
  private final ZstdCompressCtx zstd;
  private final Cipher cipher = Gcm.cipher();
  private byte[] compressed = new byte[0];

  /** @param zstdLevel 1 (fast) to 19 (small); 3 is a good one */
  public FrameSealer(Keyring keyring, int zstdLevel) {
    if (zstdLevel < 1 || zstdLevel > 19) {
      throw new IllegalArgumentException("zstd levels are 1 to 19, not " + zstdLevel);
    }
    this.keyring = keyring;
    this.zstd = new ZstdCompressCtx().setLevel(zstdLevel).setContentSize(true).setChecksum(false);
    if (zstdLevel > 15) {
      zstd.setWindowLog(WINDOW_LOG); // only the highest levels would take a larger one
    }
  }

  /**
   * Seals the first {@code length} bytes of {@code plain} for the slot, which must never be used again.
   *
   * @throws io.helios.repl.error.OperatorException when the tenant has no key
   */
  public Frame seal(FrameSlot slot, FrameMeta meta, byte[] plain, int length) {
    TenantKey tenantKey = keyring.current(meta.tenant());
    SecretKey key = tenantKey.forSegment(slot.salt());
    if (key == null) {
      throw Keyring.missing(meta.tenant());
    }
    int compressedLength = compress(plain, length);
    FrameHeader header =
        new FrameHeader(
            meta.tenant(),
            meta.lane(),
            meta.epoch(),
            meta.systemIdentifier(),
            meta.timeline(),
            slot.segment(),
            slot.index(),
            slot.sequence(),
            meta.firstPosition(),
            meta.lastPosition(),
            meta.firstCommitMicros(),
            meta.lastCommitMicros(),
            meta.complete(),
            tenantKey.generation(),
            meta.changes(),
            length,
            compressedLength + Gcm.TAG_BYTES);
    byte[] sealed = new byte[header.sealedLength()];
    try {
      cipher.init(Cipher.ENCRYPT_MODE, key, Gcm.nonce(slot.index()));
      cipher.updateAAD(header.encode());
      int written = cipher.doFinal(compressed, 0, compressedLength, sealed, 0);
      if (written != sealed.length) {
        throw new IllegalStateException("GCM wrote " + written + " bytes, not " + sealed.length);
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM refused to seal", e);
    }
    return new Frame(header, slot.salt(), sealed);
  }

  private int compress(byte[] plain, int length) {
    long bound = Zstd.compressBound(length);
    if (bound > Integer.MAX_VALUE - 64) {
      throw new IllegalArgumentException("a frame of " + length + " bytes cannot be sealed in one piece");
    }
    if (compressed.length < bound) {
      compressed = new byte[(int) bound];
    }
    int written = zstd.compressByteArray(compressed, 0, compressed.length, plain, 0, length);
    if (compressed.length > 2L * FrameHeader.MAX_PLAIN) {
      compressed = Arrays.copyOf(compressed, written); // the buffer of one huge row is not kept for ever after
    }
    return written;
  }

  @Override
  public void close() {
    zstd.close();
  }
}
