package io.helios.repl.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.UUID;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * One generation of a tenant's key. It never seals anything itself: each segment's frames have a key of their own,
 * HKDF-SHA256 (RFC 5869) of this one with the segment's salt, and with its purpose and the tenant's UUID as info.
 *
 * <p>The few derived keys in use are kept here and nowhere else, so {@link #destroy} reaches all of them. Thread-safe.
 * Its bytes leave this package only wrapped; nothing prints them.
 */
public final class TenantKey {

  static final int BYTES = 32;

  /** Derived keys kept: the segment being written and the few being read. */
  private static final int DERIVED = 8;

  private static final byte[] PURPOSE = "helios-repl/frame/1\0".getBytes(StandardCharsets.US_ASCII);

  private final UUID tenant;
  private final int generation;
  private final byte[] bytes;
  private final @Nullable Derived[] derived = new @Nullable Derived[DERIVED];
  private int next;
  private boolean destroyed;

  @SuppressWarnings("ArrayRecordComponent") // neither compared nor printed
  private record Derived(byte[] salt, SecretKey key) {}

  /** Takes {@code bytes} over: nobody else may keep them. */
  TenantKey(UUID tenant, int generation, byte[] bytes) {
    if (bytes.length != BYTES || generation < 1) {
      throw new IllegalArgumentException("a tenant key has " + BYTES + " bytes and a generation from 1");
    }
    this.tenant = tenant;
    this.generation = generation;
    this.bytes = bytes;
  }

  public UUID tenant() {
    return tenant;
  }

  /** Counts a tenant's keys from 1. */
  public int generation() {
    return generation;
  }

  public synchronized boolean destroyed() {
    return destroyed;
  }

  /** The key of the tenant's frames in the segment with this salt; null once this key is destroyed. */
  synchronized @Nullable SecretKey forSegment(byte[] salt) {
    if (destroyed) {
      return null;
    }
    for (Derived known : derived) {
      if (known != null && Arrays.equals(known.salt, salt)) {
        return known.key;
      }
    }
    SecretKey key = derive(bytes, salt, info());
    derived[next] = new Derived(salt, key);
    next = (next + 1) % DERIVED;
    return key;
  }

  /** A copy, for wrapping; the caller zeroes it. Null once destroyed. */
  synchronized byte @Nullable [] copy() {
    return destroyed ? null : bytes.clone();
  }

  /** Whether these are its bytes; in constant time. */
  synchronized boolean is(byte[] other) {
    return !destroyed && MessageDigest.isEqual(bytes, other);
  }

  /** Zeroes it and forgets what was derived from it. What is being sealed or opened at this moment may still finish. */
  synchronized void destroy() {
    destroyed = true;
    Arrays.fill(bytes, (byte) 0);
    Arrays.fill(derived, null);
  }

  private byte[] info() {
    return ByteBuffer.allocate(PURPOSE.length + 16)
        .put(PURPOSE)
        .putLong(tenant.getMostSignificantBits())
        .putLong(tenant.getLeastSignificantBits())
        .array();
  }

  /** HKDF-SHA256, extract then expand, to an AES-256 key. */
  static SecretKey derive(byte[] keyMaterial, byte[] salt, byte[] info) {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveKey(
              "AES",
              HKDFParameterSpec.ofExtract()
                  .addIKM(new SecretKeySpec(keyMaterial, "Generic"))
                  .addSalt(salt)
                  .thenExpand(info, BYTES));
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw missing(e);
    }
  }

  /** The JDK's own providers have everything used here: their absence is a bug of the installation. */
  static IllegalStateException missing(GeneralSecurityException cause) {
    return new IllegalStateException("the JDK lacks an algorithm that every JDK 25 has", cause);
  }

  @Override
  public String toString() {
    return "TenantKey[tenant=" + tenant + ", generation=" + generation + "]";
  }
}
