package io.helios.repl.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keys that live as long as the process: for applications that embed one pipeline and keep the key themselves, and for
 * tests. Given a key, every tenant's keys are derived from it, so the same key opens the frames of an earlier run and
 * every tenant has one from the start; without, keys are random. What was destroyed does not come back in this process; a
 * given key derives it again in the next, so there it is the given key that has to go.
 */
public final class MemoryKeyring implements Keyring {

  private static final byte[] PURPOSE = "helios-repl/tenant-key/1\0".getBytes(StandardCharsets.US_ASCII);

  private final byte @Nullable [] given;
  private final SecureRandom random = new SecureRandom();
  private final ConcurrentHashMap<UUID, TenantKeys> keys = new ConcurrentHashMap<>();
  private final Set<UUID> destroyed = ConcurrentHashMap.newKeySet();

  /** With random keys, made by {@link #create}. */
  public MemoryKeyring() {
    this.given = null;
  }

  /** With keys derived from this AES-256 key of 32 bytes, which is copied. */
  public MemoryKeyring(byte[] key) {
    if (key.length != TenantKey.BYTES) {
      throw new IllegalArgumentException("an AES-256 key has 32 bytes, not " + key.length);
    }
    this.given = key.clone();
  }

  @Override
  public TenantKey create(UUID tenant) {
    return keys
        .compute(
            tenant,
            (id, old) -> {
              TenantKeys more = extended(id, old, 1);
              destroyed.remove(id);
              return more;
            })
        .current();
  }

  @Override
  public void adopt(UUID tenant, int generation, byte[] bytes) {
    if (given != null) {
      throw new IllegalStateException("keys are derived here, and none is taken from another server");
    }
    keys.compute(
        tenant,
        (id, old) -> {
          TenantKeys adopted = TenantKeys.adopting(destroyed.contains(id) ? null : old, id, generation, bytes);
          destroyed.remove(id);
          return adopted;
        });
  }

  @Override
  public TenantKey current(UUID tenant) {
    TenantKeys known = keys.get(tenant);
    if (destroyed.contains(tenant) || known == null && given == null) {
      throw Keyring.missing(tenant);
    }
    return known == null ? create(tenant) : known.current();
  }

  @Override
  public TenantKey key(UUID tenant, int generation) {
    TenantKeys known = keys.get(tenant);
    if (given != null && !destroyed.contains(tenant) && generation >= 1 && generation <= 1 << 10) {
      known = keys.compute(tenant, (id, old) -> reaching(id, old, generation));
    }
    TenantKey key = known == null ? null : known.generation(generation);
    if (key == null || key.destroyed()) {
      throw Keyring.unknown(tenant, generation);
    }
    return key;
  }

  @Override
  public void destroy(UUID tenant) {
    keys.compute(
        tenant,
        (id, known) -> {
          destroyed.add(id);
          if (known != null) {
            known.destroy(); // and stays, in place of what would be derived again
          }
          return known;
        });
  }

  @Override
  public int generation(UUID tenant) {
    TenantKeys known = keys.get(tenant);
    if (destroyed.contains(tenant)) {
      return 0;
    }
    return known != null ? known.current().generation() : given != null ? 1 : 0;
  }

  private TenantKeys reaching(UUID tenant, @Nullable TenantKeys old, int generation) {
    int have = old == null ? 0 : old.generations().size();
    return old != null && have >= generation ? old : extended(tenant, old, generation - have);
  }

  private TenantKeys extended(UUID tenant, @Nullable TenantKeys old, int more) {
    List<TenantKey> generations = new ArrayList<>(old == null ? List.of() : old.generations());
    for (int i = 0; i < more; i++) {
      int generation = generations.size() + 1;
      generations.add(new TenantKey(tenant, generation, bytes(tenant, generation)));
    }
    return new TenantKeys(generations);
  }

  private byte[] bytes(UUID tenant, int generation) {
    if (given == null) {
      byte[] bytes = new byte[TenantKey.BYTES];
      random.nextBytes(bytes);
      return bytes;
    }
    byte[] info =
        ByteBuffer.allocate(PURPOSE.length + 20)
            .put(PURPOSE)
            .putLong(tenant.getMostSignificantBits())
            .putLong(tenant.getLeastSignificantBits())
            .putInt(generation)
            .array();
    return TenantKey.derive(given, new byte[0], info).getEncoded();
  }

  @Override
  public String toString() {
    return "MemoryKeyring[tenants=" + keys.size() + "]";
  }
}
