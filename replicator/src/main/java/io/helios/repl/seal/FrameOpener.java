package io.helios.repl.seal;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * Takes frames apart again: first it authenticates, then it decompresses, within the authenticated length. Belongs to
 * one thread. Whether a frame is the one that was asked for (its tenant, its sequence) is for who asked to check: what
 * the header says is true of an authentic frame.
 */
public final class FrameOpener implements AutoCloseable {

  private final FrameKeys keys;
  private final Cipher cipher = Gcm.cipher();
  private final ZstdDecompressCtx zstd = new ZstdDecompressCtx().setLongMax(FrameSealer.WINDOW_LOG);

  public FrameOpener(FrameKeys keys) {
    this.keys = keys;
  }

  /**
   * What was sealed, in an array of its own.
   *
   * @throws CorruptionException FRAME_LENGTH_MISMATCH, FRAME_KEY_UNKNOWN, FRAME_NOT_AUTHENTIC or FRAME_NOT_DECOMPRESSED;
   *     nothing of the frame may be used
   */
  public byte[] open(Frame frame) {
    FrameHeader header = frame.header();
    if (frame.sealed().length != header.sealedLength() || header.sealedLength() < Gcm.TAG_BYTES) {
      throw refused(
          ErrorCode.FRAME_LENGTH_MISMATCH,
          header,
          "has " + frame.sealed().length + " bytes, its header says " + header.sealedLength(),
          null);
    }
    SecretKey key = keys.key(header.tenant(), header.keyGeneration()).forSegment(frame.salt());
    if (key == null) {
      throw Keyring.unknown(header.tenant(), header.keyGeneration());
    }
    return decompress(header, authenticate(frame, key));
  }

  private byte[] authenticate(Frame frame, SecretKey key) {
    try {
      cipher.init(Cipher.DECRYPT_MODE, key, Gcm.nonce(frame.header().index()));
      cipher.updateAAD(frame.header().encode());
      return cipher.doFinal(frame.sealed());
    } catch (AEADBadTagException e) {
      throw refused(ErrorCode.FRAME_NOT_AUTHENTIC, frame.header(), "failed authentication", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM refused to open", e);
    }
  }

  private byte[] decompress(FrameHeader header, byte[] compressed) {
    if (compressed.length == 0 || Zstd.getFrameContentSize(compressed) != header.plainLength()) {
      throw refused(
          ErrorCode.FRAME_NOT_DECOMPRESSED, header, "does not hold the " + header.plainLength() + " bytes promised", null);
    }
    byte[] plain = new byte[header.plainLength()];
    try {
      int length = zstd.decompressByteArray(plain, 0, plain.length, compressed, 0, compressed.length);
      if (length == plain.length) {
        return plain;
      }
      throw refused(
          ErrorCode.FRAME_NOT_DECOMPRESSED, header, "has " + length + " bytes, not " + plain.length, null);
    } catch (ZstdException e) {
      throw refused(ErrorCode.FRAME_NOT_DECOMPRESSED, header, "is not compressed data", e);
    }
  }

  private static CorruptionException refused(
      ErrorCode code, FrameHeader header, String how, @Nullable Throwable cause) {
    return new CorruptionException(
        new Problem(
            code,
            "frame " + header.sequence() + " of tenant " + header.tenant() + " " + how,
            "it is not what was sealed: altered, cut, or put in another's place",
            "helios-repl tenant resync"),
        cause);
  }

  @Override
  public void close() {
    zstd.close();
  }
}
