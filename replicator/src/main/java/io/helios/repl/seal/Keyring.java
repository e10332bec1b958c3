package io.helios.repl.seal;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.util.UUID;

/**
 * The keys of tenants. Thread-safe.
 *
 * <p>A tenant's keys are counted by generation: the newest seals, all of them open. Destroying them makes every frame
 * of the tenant, in every copy of every journal, unreadable for good.
 */
public interface Keyring extends FrameKeys {

  /**
   * Makes the tenant's next key, generation 1 for a tenant that has none, and makes it current. Durable on return,
   * where the keyring is durable at all.
   */
  TenantKey create(UUID tenant);

  /**
   * Takes a key of the tenant that another server made, as the generation that follows on those that are here; the same key again
   * changes nothing. Durable on return, where the keyring is durable at all.
   *
   * @param bytes which are copied
   * @throws OperatorException ({@link ErrorCode#KEY_DOES_NOT_FOLLOW}) when there is another of this generation, or a gap before it
   */
  void adopt(UUID tenant, int generation, byte[] bytes);

  /**
   * The key to seal with.
   *
   * @throws OperatorException ({@link ErrorCode#TENANT_KEY_MISSING}) when the tenant has none
   */
  TenantKey current(UUID tenant);

  /**
   * The key to open with.
   *
   * @throws CorruptionException ({@link ErrorCode#FRAME_KEY_UNKNOWN}) when there is no such key
   */
  @Override
  TenantKey key(UUID tenant, int generation);

  /** Destroys all of the tenant's keys, here and in every sealer and opener; nothing when it has none. */
  void destroy(UUID tenant);

  /** How many keys the tenant has had so far: the current one's generation; 0 when it has none. */
  int generation(UUID tenant);

  /** Whether {@link #current} has an answer. */
  default boolean has(UUID tenant) {
    return generation(tenant) > 0;
  }

  /** What {@link #adopt} throws. */
  static OperatorException doesNotFollow(UUID tenant, int generation, int have) {
    return new OperatorException(
        new Problem(
            ErrorCode.KEY_DOES_NOT_FOLLOW,
            "key " + generation + " of tenant " + tenant + " does not follow on what is here",
            generation > have ? "the newest here is key " + have : "there is another key " + generation + " here, from before a shredding",
            "shred the tenant's keys here, then have all of them given again"));
  }

  /** What {@link #current} throws. */
  static OperatorException missing(UUID tenant) {
    return new OperatorException(
        new Problem(
            ErrorCode.TENANT_KEY_MISSING,
            "tenant " + tenant + " has no key",
            "its key was shredded, or the keyring is not the one it was created with",
            "restore the keyring directory, or delete the tenant and create it anew"));
  }

  /** What {@link #key} throws. */
  static CorruptionException unknown(UUID tenant, int generation) {
    return new CorruptionException(
        new Problem(
            ErrorCode.FRAME_KEY_UNKNOWN,
            "tenant " + tenant + " has no key of generation " + generation,
            "it was shredded, or the keyring is not the one that the frame was sealed with",
            "restore the keyring directory, or: helios-repl tenant resync"));
  }
}
