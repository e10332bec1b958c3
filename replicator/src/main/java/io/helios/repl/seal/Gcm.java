package io.helios.repl.seal;

import java.nio.ByteBuffer;
import java.security.NoSuchAlgorithmException;
import javax.crypto.Cipher;
import javax.crypto.NoSuchPaddingException;
import javax.crypto.spec.GCMParameterSpec;

/** AES-256-GCM (NIST SP 800-38D) as the JDK has it: tags of 16 bytes, nonces of 12. */
final class Gcm {

  static final int TAG_BYTES = 16;
  static final int NONCE_BYTES = 12;

  private Gcm() {}

  static Cipher cipher() {
    try {
      return Cipher.getInstance("AES/GCM/NoPadding");
    } catch (NoSuchAlgorithmException | NoSuchPaddingException e) {
      throw TenantKey.missing(e);
    }
  }

  /** A frame's index in its segment, as a nonce: the key is that tenant's and that segment's alone, so it never repeats. */
  static GCMParameterSpec nonce(int index) {
    return new GCMParameterSpec(
        TAG_BYTES * 8, ByteBuffer.allocate(NONCE_BYTES).putInt(0).putLong(index).array());
  }
}
