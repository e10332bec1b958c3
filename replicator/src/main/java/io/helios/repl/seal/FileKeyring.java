package io.helios.repl.seal;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory with a file per tenant, {@code <uuid>.key}, mode 0600, replaced whole. Each key in it is wrapped by the
 * master key with AES-256-GCM and bound to its tenant and generation, so files cannot change places. Thread-safe; one
 * process owns the directory.
 *
 * <pre>
 * file:  magic "HELKEY" and version 1 (8 bytes) | count (4) | count × ( generation (4) | wrapped (60) )
 * wrapped:  nonce (12) | AES-256-GCM of the 32 bytes (32) | tag (16);
 *           authenticated with it: "helios-repl/tenant-key/1" 0 | tenant (16) | generation (4)
 * </pre>
 *
 * <p>{@code master.check} holds nothing, wrapped: a wrong master key is told at once, and not as damage of every file.
 */
public final class FileKeyring implements Keyring {

  private static final byte[] MAGIC = {'H', 'E', 'L', 'K', 'E', 'Y', 0, 1};
  private static final byte[] PURPOSE = "helios-repl/tenant-key/1\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] CHECK = "helios-repl/master-check/1".getBytes(StandardCharsets.US_ASCII);
  private static final int WRAPPED = Gcm.NONCE_BYTES + TenantKey.BYTES + Gcm.TAG_BYTES;

  private final Path directory;
  private final MasterKey master;
  private final SecureRandom random = new SecureRandom();
  private final ConcurrentHashMap<UUID, TenantKeys> loaded = new ConcurrentHashMap<>();

  /**
   * Opens the keyring, made if it is absent.
   *
   * @throws OperatorException when the master key is not the one that wrapped it, or the directory is out of reach
   */
  public FileKeyring(Path directory, MasterKey master) {
    this.directory = directory;
    this.master = master;
    Path check = directory.resolve("master.check");
    byte[] wrapped;
    try {
      PrivateFiles.createDirectory(directory);
      if (!Files.exists(check)) {
        PrivateFiles.createIfAbsent(check, master.wrap(new byte[0], CHECK));
      }
      wrapped = Files.readAllBytes(check);
    } catch (IOException e) {
      throw unavailable("the keyring", e);
    }
    if (master.unwrap(wrapped, CHECK) == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.MASTER_KEY_WRONG,
              "the master key does not open this keyring",
              "the tenants' keys were wrapped with another one",
              "give the server the master key that the keyring was made with, by its file or " + MasterKey.VARIABLE));
    }
  }

  @Override
  public TenantKey create(UUID tenant) {
    return loaded
        .compute(
            tenant,
            (id, known) -> {
              TenantKeys old = known == null ? read(id) : known;
              List<TenantKey> keys = new ArrayList<>(old == null ? List.of() : old.generations());
              byte[] bytes = new byte[TenantKey.BYTES];
              random.nextBytes(bytes);
              keys.add(new TenantKey(id, keys.size() + 1, bytes));
              write(id, keys);
              return new TenantKeys(keys);
            })
        .current();
  }

  @Override
  public TenantKey current(UUID tenant) {
    TenantKeys keys = keys(tenant);
    if (keys == null) {
      throw Keyring.missing(tenant);
    }
    return keys.current();
  }

  @Override
  public TenantKey key(UUID tenant, int generation) {
    TenantKeys keys = keys(tenant);
    TenantKey key = keys == null ? null : keys.generation(generation);
    if (key == null) {
      throw Keyring.unknown(tenant, generation);
    }
    return key;
  }

  @Override
  public void destroy(UUID tenant) {
    loaded.compute(
        tenant,
        (id, known) -> {
          if (known != null) {
            known.destroy();
          }
          try {
            PrivateFiles.shred(file(id));
          } catch (IOException e) {
            throw unavailable("the key file of tenant " + id, e);
          }
          return null;
        });
  }

  @Override
  public int generation(UUID tenant) {
    TenantKeys keys = keys(tenant);
    return keys == null ? 0 : keys.current().generation();
  }

  private @Nullable TenantKeys keys(UUID tenant) {
    TenantKeys known = loaded.get(tenant);
    return known != null ? known : loaded.computeIfAbsent(tenant, this::read);
  }

  private void write(UUID tenant, List<TenantKey> keys) {
    ByteBuffer out = ByteBuffer.allocate(MAGIC.length + 4 + keys.size() * (4 + WRAPPED));
    out.put(MAGIC).putInt(keys.size());
    for (TenantKey key : keys) {
      byte[] bytes = key.copy();
      if (bytes == null) {
        throw Keyring.missing(tenant);
      }
      out.putInt(key.generation()).put(master.wrap(bytes, bound(tenant, key.generation())));
      Arrays.fill(bytes, (byte) 0);
    }
    try {
      PrivateFiles.replace(file(tenant), out.array());
    } catch (IOException e) {
      throw unavailable("the key file of tenant " + tenant, e);
    }
  }

  private @Nullable TenantKeys read(UUID tenant) {
    byte[] content;
    try {
      content = Files.readAllBytes(file(tenant));
    } catch (NoSuchFileException none) {
      return null;
    } catch (IOException e) {
      throw unavailable("the key file of tenant " + tenant, e);
    }
    if (Arrays.equals(content, new byte[content.length])) {
      return null; // shredding was cut short after the overwriting
    }
    List<TenantKey> keys = new ArrayList<>();
    try {
      ByteBuffer in = ByteBuffer.wrap(content);
      byte[] magic = new byte[MAGIC.length];
      in.get(magic);
      int count = in.getInt();
      if (!Arrays.equals(magic, MAGIC) || count < 1 || in.remaining() != (long) count * (4 + WRAPPED)) {
        throw corrupt(tenant, "it is not a key file of this version");
      }
      for (int generation = 1; generation <= count; generation++) {
        byte[] wrapped = new byte[WRAPPED];
        int said = in.getInt();
        in.get(wrapped);
        byte[] bytes = said == generation ? master.unwrap(wrapped, bound(tenant, generation)) : null;
        if (bytes == null) {
          throw corrupt(tenant, "its generation " + generation + " was not wrapped here for this tenant");
        }
        keys.add(new TenantKey(tenant, generation, bytes));
      }
    } catch (BufferUnderflowException e) {
      throw corrupt(tenant, "it is cut off");
    }
    return new TenantKeys(keys);
  }

  private static byte[] bound(UUID tenant, int generation) {
    return ByteBuffer.allocate(PURPOSE.length + 20)
        .put(PURPOSE)
        .putLong(tenant.getMostSignificantBits())
        .putLong(tenant.getLeastSignificantBits())
        .putInt(generation)
        .array();
  }

  private Path file(UUID tenant) {
    return directory.resolve(tenant + ".key");
  }

  private static CorruptionException corrupt(UUID tenant, String why) {
    return new CorruptionException(
        new Problem(
            ErrorCode.KEYRING_CORRUPT,
            "the key file of tenant " + tenant + " is damaged",
            why,
            "restore the keyring directory from its backup"));
  }

  private static OperatorException unavailable(String what, IOException cause) {
    return new OperatorException(
        new Problem(
            ErrorCode.KEYRING_UNAVAILABLE,
            what + " cannot be read or written",
            DiskTrouble.of(cause),
            "check the room on the disk and the rights of the keyring's directory, in data-dir; then try again"),
        cause);
  }

  @Override
  public String toString() {
    return "FileKeyring[" + directory.getFileName() + "]";
  }
}
