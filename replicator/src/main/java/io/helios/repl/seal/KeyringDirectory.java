package io.helios.repl.seal;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The files of a keyring: {@code <uuid>.key} a tenant ({@link KeyFile}), all of mode 0600 and replaced whole, and {@code
 * master.check}, which holds nothing, wrapped: it says which master key rules the directory, so that a wrong one is told
 * at once, and not as damage of every file.
 *
 * <p>The master key changes in three steps, so that at each moment exactly one key opens all of it:
 *
 * <pre>
 *   1. each tenant's keys, wrapped by the new key, beside their file   <uuid>.key.rewrapped
 *   2. master.check replaced: from here on the new key rules
 *   3. each .rewrapped moved over its file
 * </pre>
 *
 * Whoever opens the directory first finishes the third step, or removes what the first one left behind: a file beside
 * that opens with the key that rules belongs to it, any other was never valid.
 */
final class KeyringDirectory {

  private static final byte[] CHECK = "helios-repl/master-check/1".getBytes(StandardCharsets.US_ASCII);
  private static final String REWRAPPED = ".rewrapped";

  private final Path path;

  KeyringDirectory(Path path) {
    this.path = path;
  }

  Path file(UUID tenant) {
    return path.resolve(tenant + KeyFile.SUFFIX);
  }

  private Path check() {
    return path.resolve("master.check");
  }

  /** Whether there is a keyring. */
  boolean exists() {
    return Files.exists(check());
  }

  /** Whether it is this master key that opens it; false where there is no keyring. */
  boolean isRuledBy(MasterKey master) throws IOException {
    return exists() && master.unwrap(Files.readAllBytes(check()), CHECK) != null;
  }

  /** Makes the directory if it is absent, and settles what an earlier process left unfinished. */
  void open(MasterKey master) throws IOException {
    PrivateFiles.createDirectory(path);
    if (!exists()) {
      PrivateFiles.createIfAbsent(check(), master.wrap(new byte[0], CHECK));
    }
    if (!isRuledBy(master)) {
      throw wrong("the master key does not open this keyring");
    }
    settle(master);
  }

  /** Hands the directory from one master key, which rules it, to another. Returns how many tenants have keys in it. */
  int handOver(MasterKey previous, MasterKey master) throws IOException {
    if (!isRuledBy(previous)) {
      throw wrong("neither the master key nor the previous one opens this keyring");
    }
    settle(previous);
    int tenants = 0;
    for (Path file : files()) {
      UUID tenant = KeyFile.tenant(name(file));
      if (tenant == null) {
        continue;
      }
      List<byte[]> keys = KeyFile.decode(tenant, Files.readAllBytes(file), previous);
      if (keys.isEmpty()) {
        PrivateFiles.shred(file);
        continue;
      }
      PrivateFiles.replace(path.resolve(name(file) + REWRAPPED), KeyFile.encode(tenant, keys, master));
      keys.forEach(bytes -> Arrays.fill(bytes, (byte) 0));
      tenants++;
    }
    PrivateFiles.replace(check(), master.wrap(new byte[0], CHECK));
    settle(master);
    return tenants;
  }

  private void settle(MasterKey ruling) throws IOException {
    for (Path file : files()) {
      String name = name(file);
      if (PrivateFiles.isLeftover(name, "master.check")) {
        Files.deleteIfExists(file); // perhaps a second name of the check itself, and no secret: not overwritten
      } else if (PrivateFiles.isLeftover(name, "")) {
        PrivateFiles.shred(file);
      } else if (name.endsWith(REWRAPPED)) {
        String original = name.substring(0, name.length() - REWRAPPED.length());
        UUID tenant = KeyFile.tenant(original);
        if (tenant != null && opens(tenant, file, ruling)) {
          PrivateFiles.move(file, file(tenant));
        } else {
          PrivateFiles.shred(file);
        }
      }
    }
  }

  private static boolean opens(UUID tenant, Path file, MasterKey master) throws IOException {
    try {
      return !KeyFile.decode(tenant, Files.readAllBytes(file), master).isEmpty();
    } catch (CorruptionException another) {
      return false;
    }
  }

  /** Removes for good whatever is there of the tenant. */
  void shred(UUID tenant) throws IOException {
    for (Path file : files()) {
      if (name(file).startsWith(tenant + KeyFile.SUFFIX)) {
        PrivateFiles.shred(file);
      }
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static OperatorException wrong(String what) {
    return new OperatorException(
        new Problem(
            ErrorCode.MASTER_KEY_WRONG,
            what,
            "the tenants' keys were wrapped with another one",
            "give the server the key that the keyring was made with, as master-key-file: or "
                + MasterKey.VARIABLE
                + "; to change it, that one as previous-master-key-file: and the new one as master-key-file:"));
  }

  static OperatorException unavailable(String what, IOException cause) {
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
    return String.valueOf(path.getFileName());
  }
}
