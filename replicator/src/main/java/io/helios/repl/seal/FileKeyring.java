package io.helios.repl.seal;

import io.helios.repl.error.OperatorException;
import java.io.IOException;
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
 * The keys in a {@link KeyringDirectory}, read when they are first asked for, and the file of a tenant replaced whole
 * with each new key. Thread-safe; one process owns the directory.
 */
public final class FileKeyring implements Keyring {

  private final KeyringDirectory directory;
  private final MasterKey master;
  private final SecureRandom random = new SecureRandom();
  private final ConcurrentHashMap<UUID, TenantKeys> loaded = new ConcurrentHashMap<>();

  /**
   * Opens the keyring, made if it is absent.
   *
   * @throws OperatorException when the master key is not the one that wrapped it, or the directory is out of reach
   */
  public FileKeyring(Path directory, MasterKey master) {
    this.directory = new KeyringDirectory(directory);
    this.master = master;
    try {
      this.directory.open(master);
    } catch (IOException e) {
      throw KeyringDirectory.unavailable("the keyring", e);
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
  public void adopt(UUID tenant, int generation, byte[] bytes) {
    loaded.compute(
        tenant,
        (id, known) -> {
          TenantKeys old = known == null ? read(id) : known;
          TenantKeys adopted = TenantKeys.adopting(old, id, generation, bytes);
          if (adopted != old) {
            write(id, adopted.generations());
          }
          return adopted;
        });
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
            directory.shred(id);
          } catch (IOException e) {
            throw unavailable(id, e);
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
    List<byte[]> secrets = new ArrayList<>();
    try {
      for (TenantKey key : keys) {
        byte[] bytes = key.copy();
        if (bytes == null) {
          throw Keyring.missing(tenant);
        }
        secrets.add(bytes);
      }
      PrivateFiles.replace(directory.file(tenant), KeyFile.encode(tenant, secrets, master));
    } catch (IOException e) {
      throw unavailable(tenant, e);
    } finally {
      secrets.forEach(bytes -> Arrays.fill(bytes, (byte) 0));
    }
  }

  private @Nullable TenantKeys read(UUID tenant) {
    byte[] content;
    try {
      content = Files.readAllBytes(directory.file(tenant));
    } catch (NoSuchFileException none) {
      return null;
    } catch (IOException e) {
      throw unavailable(tenant, e);
    }
    List<TenantKey> keys = new ArrayList<>();
    for (byte[] bytes : KeyFile.decode(tenant, content, master)) {
      keys.add(new TenantKey(tenant, keys.size() + 1, bytes));
    }
    return keys.isEmpty() ? null : new TenantKeys(keys);
  }

  private static OperatorException unavailable(UUID tenant, IOException cause) {
    return KeyringDirectory.unavailable("the key file of tenant " + tenant, cause);
  }

  @Override
  public String toString() {
    return "FileKeyring[" + directory + "]";
  }
}
