package io.helios.repl.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another master key for a keyring, and a process that dies at any step of the way to it. */
class MasterKeyChangeTest {

  private static final List<UUID> TENANTS = List.of(new UUID(1, 1), new UUID(1, 2), new UUID(1, 3));

  @TempDir private Path data;

  private final MasterKey old = MasterKey.of(bytes(1));
  private final MasterKey fresh = MasterKey.of(bytes(2));
  private Map<UUID, List<String>> keys = Map.of();
  private Path keyring = Path.of("");

  private static byte[] bytes(int seed) {
    byte[] bytes = new byte[32];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @BeforeEach
  void make() {
    keyring = data.resolve("keyring");
    FileKeyring made = new FileKeyring(keyring, old);
    for (int generations = 1; generations <= TENANTS.size(); generations++) {
      for (int i = 0; i < generations; i++) {
        made.create(TENANTS.get(generations - 1));
      }
    }
    keys = read(keyring, old);
  }

  private static Map<UUID, List<String>> read(Path directory, MasterKey master) {
    FileKeyring opened = new FileKeyring(directory, master);
    Map<UUID, List<String>> all = new LinkedHashMap<>();
    for (UUID tenant : TENANTS) {
      List<String> generations = new ArrayList<>();
      for (int i = 1; i <= opened.generation(tenant); i++) {
        generations.add(HexFormat.of().formatHex(Objects.requireNonNull(opened.key(tenant, i).copy())));
      }
      all.put(tenant, generations);
    }
    return all;
  }

  private static List<Path> files(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path copy(String name) throws IOException {
    Path to = Files.createDirectory(data.resolve(name));
    for (Path file : files(keyring)) {
      Files.copy(file, to.resolve(file.getFileName()));
    }
    return to;
  }

  @Test
  void theNewKeyOpensEverythingAndTheOldOneNothing() {
    assertThat(MasterKeyChange.isNeeded(keyring, old)).isFalse();
    assertThat(MasterKeyChange.isNeeded(keyring, fresh)).isTrue();
    assertThat(MasterKeyChange.carryOut(keyring, old, fresh)).isEqualTo(TENANTS.size());

    assertThat(MasterKeyChange.isNeeded(keyring, fresh)).isFalse();
    assertThat(read(keyring, fresh)).isEqualTo(keys);
    assertThat(files(keyring)).hasSize(TENANTS.size() + 1);
    isRefused(ErrorCode.MASTER_KEY_WRONG, () -> new FileKeyring(keyring, old));
    for (Path file : files(keyring)) {
      UUID tenant = KeyFile.tenant(String.valueOf(file.getFileName()));
      if (tenant != null) {
        isRefused(ErrorCode.KEYRING_CORRUPT, () -> KeyFile.decode(tenant, read(file), old));
      }
    }
  }

  @Test
  void aKeyThatNeverRuledChangesNothing() {
    MasterKey stranger = MasterKey.of(bytes(3));
    isRefused(ErrorCode.MASTER_KEY_WRONG, () -> MasterKeyChange.carryOut(keyring, stranger, fresh));
    assertThat(read(keyring, old)).isEqualTo(keys);
  }

  @Test
  void aDamagedFileStopsTheChangeAndTheOldKeyStaysInForce() throws IOException {
    Path file = keyring.resolve(TENANTS.get(1) + ".key");
    byte[] intact = read(file);
    byte[] damaged = intact.clone();
    damaged[40] ^= 1;
    Files.write(file, damaged);
    isRefused(ErrorCode.KEYRING_CORRUPT, () -> MasterKeyChange.carryOut(keyring, old, fresh));
    Files.write(file, intact);
    assertThat(read(keyring, old)).isEqualTo(keys);
    assertThat(MasterKeyChange.carryOut(keyring, old, fresh)).isEqualTo(TENANTS.size());
    assertThat(read(keyring, fresh)).isEqualTo(keys);
  }

  /** Every state in which a process that dies leaves the directory, put together from real files. */
  @Test
  void killedAtAnyStepExactlyOneOfBothKeysOpensAllOfItAndTheChangeCanBeFinished() throws IOException {
    Path done = copy("done");
    MasterKeyChange.carryOut(done, old, fresh);
    int tenants = TENANTS.size();
    for (int step = 0; step <= 2 * tenants + 1; step++) {
      int rewrapped = Math.min(step, tenants);
      int moved = Math.max(0, step - tenants - 1);
      boolean committed = step > tenants;
      for (String opener : List.of("old", "new", "both")) {
        Path state = copy("step" + step + opener);
        for (int i = 0; i < rewrapped; i++) {
          String name = TENANTS.get(i) + ".key";
          Files.write(state.resolve(i < moved ? name : name + ".rewrapped"), read(done.resolve(name)));
        }
        if (committed) {
          Files.write(state.resolve("master.check"), read(done.resolve("master.check")));
        } else {
          String next = step < tenants ? TENANTS.get(step) + ".key.rewrapped" : "master.check";
          byte[] torn = Arrays.copyOf(read(done.resolve(next.replace(".rewrapped", ""))), 20);
          Files.write(state.resolve(next + "." + UUID.randomUUID() + ".new"), torn);
        }
        MasterKey ruling = committed ? fresh : old;
        MasterKey other = committed ? old : fresh;
        switch (opener) {
          case "old", "new" -> {
            isRefused(ErrorCode.MASTER_KEY_WRONG, () -> new FileKeyring(state, other));
            assertThat(read(state, ruling)).as("step " + step).isEqualTo(keys);
          }
          default -> {
            if (MasterKeyChange.isNeeded(state, fresh)) {
              MasterKeyChange.carryOut(state, old, fresh);
            }
            assertThat(read(state, fresh)).as("step " + step).isEqualTo(keys);
          }
        }
        assertThat(files(state)).as("step " + step).hasSize(tenants + 1);
      }
    }
  }

  @Test
  void whatAProcessThatDiedLeftBesideAKeyFileIsGoneAtTheNextStart() throws IOException {
    UUID tenant = TENANTS.getFirst();
    Path left = keyring.resolve(tenant + ".key." + UUID.randomUUID() + ".new");
    Files.copy(keyring.resolve(tenant + ".key"), left);
    Path linked = keyring.resolve("master.check." + UUID.randomUUID() + ".new");
    Files.createLink(linked, keyring.resolve("master.check"));
    assertThat(read(keyring, old)).isEqualTo(keys);
    assertThat(left).doesNotExist();
    assertThat(linked).doesNotExist();
    assertThat(read(keyring, old)).isEqualTo(keys);
  }

  @Test
  void shreddingReachesWhatLiesBesideTheKeyFile() throws IOException {
    UUID tenant = TENANTS.getLast();
    FileKeyring opened = new FileKeyring(keyring, old);
    for (String beside : List.of(".key." + UUID.randomUUID() + ".new", ".key.rewrapped")) {
      Files.copy(keyring.resolve(tenant + ".key"), keyring.resolve(tenant + beside));
    }
    opened.destroy(tenant);
    assertThat(files(keyring)).noneMatch(file -> String.valueOf(file.getFileName()).startsWith(tenant.toString()));
    assertThat(files(keyring)).hasSize(TENANTS.size());
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void isRefused(ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(HeliosException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }
}
