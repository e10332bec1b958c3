package io.helios.repl.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyringTest {

  private static final UUID A = new UUID(1, 1);
  private static final UUID B = new UUID(1, 2);

  @TempDir private Path data;

  private final MasterKey master = MasterKey.of(bytes(1));

  private static byte[] bytes(int seed) {
    byte[] bytes = new byte[32];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private FileKeyring open() {
    return new FileKeyring(data.resolve("keyring"), master);
  }

  private Path file(UUID tenant) {
    return data.resolve("keyring").resolve(tenant + ".key");
  }

  private static byte[] secret(TenantKey key) {
    return Objects.requireNonNull(key.copy());
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void keysOutliveTheProcessAndEveryGenerationStays() {
    FileKeyring keyring = open();
    assertThat(keyring.has(A)).isFalse();
    byte[] first = secret(keyring.create(A));
    byte[] second = secret(keyring.create(A));
    assertThat(second).isNotEqualTo(first);

    FileKeyring again = open();
    assertThat(again.has(A)).isTrue();
    assertThat(again.current(A).generation()).isEqualTo(2);
    assertThat(secret(again.key(A, 1))).isEqualTo(first);
    assertThat(secret(again.key(A, 2))).isEqualTo(second);
    assertThat(again.create(A).generation()).isEqualTo(3);
  }

  @Test
  void anUnknownKeyIsToldByTheErrorThatFits() {
    FileKeyring keyring = open();
    isRefused(ErrorCode.TENANT_KEY_MISSING, () -> keyring.current(A));
    isRefused(ErrorCode.FRAME_KEY_UNKNOWN, () -> keyring.key(A, 1));
    keyring.create(A);
    isRefused(ErrorCode.FRAME_KEY_UNKNOWN, () -> keyring.key(A, 2));
    isRefused(ErrorCode.FRAME_KEY_UNKNOWN, () -> keyring.key(A, 0));
  }

  @Test
  void filesAreTheirOwnersAloneAndHoldNoKeyInClear() throws IOException {
    byte[] secret = secret(open().create(A));
    assertThat(mode(data.resolve("keyring"))).isEqualTo("rwx------");
    assertThat(mode(file(A))).isEqualTo("rw-------");
    assertThat(mode(data.resolve("keyring/master.check"))).isEqualTo("rw-------");
    assertThat(HexFormat.of().formatHex(Files.readAllBytes(file(A)))).doesNotContain(HexFormat.of().formatHex(secret));
  }

  @Test
  void aDestroyedKeyIsGoneFromDiskAndFromWhoHoldsIt() throws IOException {
    FileKeyring keyring = open();
    TenantKey held = keyring.create(A);
    keyring.create(B);
    keyring.destroy(A);
    keyring.destroy(A);

    assertThat(file(A)).doesNotExist();
    assertThat(held.destroyed()).isTrue();
    assertThat(held.copy()).isNull();
    assertThat(keyring.has(A)).isFalse();
    assertThat(open().has(A)).isFalse();
    assertThat(open().has(B)).isTrue();
    try (var files = Files.list(data.resolve("keyring"))) {
      assertThat(files.map(f -> String.valueOf(f.getFileName()))).containsExactlyInAnyOrder(B + ".key", "master.check");
    }
  }

  @Test
  void aShreddingThatWasCutShortLeavesNoKeyAndNoError() throws IOException {
    open().create(A);
    Files.write(file(A), new byte[(int) Files.size(file(A))]);
    assertThat(open().has(A)).isFalse();
  }

  @Test
  void everyDamageOfAKeyFileIsRefused() throws IOException {
    FileKeyring keyring = open();
    keyring.create(A);
    keyring.create(A);
    byte[] intact = Files.readAllBytes(file(A));
    for (int at = 0; at < intact.length; at++) {
      byte[] damaged = intact.clone();
      damaged[at] ^= 1;
      Files.write(file(A), damaged);
      isRefused(ErrorCode.KEYRING_CORRUPT, () -> open().current(A));
      Files.write(file(A), Arrays.copyOf(intact, at));
      if (at > 0) {
        isRefused(ErrorCode.KEYRING_CORRUPT, () -> open().current(A));
      }
    }
  }

  @Test
  void aKeyFileOfOneTenantUnderAnothersNameIsRefused() throws IOException {
    FileKeyring keyring = open();
    keyring.create(A);
    Files.copy(file(A), file(B), StandardCopyOption.REPLACE_EXISTING);
    isRefused(ErrorCode.KEYRING_CORRUPT, () -> keyring.current(B));
  }

  @Test
  void anotherMasterKeyIsToldAtOnce() {
    open().create(A);
    isRefused(ErrorCode.MASTER_KEY_WRONG, () -> new FileKeyring(data.resolve("keyring"), MasterKey.of(bytes(2))));
  }

  @Test
  void aMasterKeyFileIsMadeOnceAndForItsOwnerAlone() throws IOException {
    Path file = data.resolve("master.key");
    byte[] wrapped = MasterKey.fromFileOrCreate(file).wrap(bytes(3), new byte[0]);
    assertThat(mode(file)).isEqualTo("rw-------");
    assertThat(MasterKey.fromFileOrCreate(file).unwrap(wrapped, new byte[0])).isEqualTo(bytes(3));
    try (var files = Files.list(data)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aMasterKeyFileThatIsAskedForByNameIsNotMade() {
    Path file = data.resolve("master.key");
    isRefused(ErrorCode.MASTER_KEY_MISSING, () -> MasterKey.fromFile(file));
    assertThat(file).doesNotExist();
  }

  @Test
  void whatAProcessThatDiedLeftBesideTheMasterKeysFileIsGoneAtTheNextStart() throws IOException {
    Path file = data.resolve("master.key");
    byte[] wrapped = MasterKey.fromFileOrCreate(file).wrap(bytes(3), new byte[0]);
    Files.createLink(data.resolve("master.key." + UUID.randomUUID() + ".new"), file);
    assertThat(MasterKey.fromFileOrCreate(file).unwrap(wrapped, new byte[0])).isEqualTo(bytes(3));
    try (var files = Files.list(data)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void aMasterKeyFileThatOthersCanReadIsRefused() throws IOException {
    Path file = data.resolve("master.key");
    MasterKey.fromFileOrCreate(file);
    for (String mode : new String[] {"rw-r-----", "rw----r--", "rw--w----"}) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      isRefused(ErrorCode.MASTER_KEY_EXPOSED, () -> MasterKey.fromFileOrCreate(file));
    }
  }

  @Test
  void whatIsNoKeyIsRefusedWithoutSayingWhatItIs() throws IOException {
    Path file = data.resolve("master.key");
    for (String text : new String[] {"", "hunter2 is no base64!", Base64.getEncoder().encodeToString(new byte[31])}) {
      Files.writeString(file, text, StandardCharsets.US_ASCII);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      isRefused(ErrorCode.MASTER_KEY_INVALID, () -> MasterKey.fromFileOrCreate(file));
      assertThatThrownBy(() -> MasterKey.fromEnvironment(Map.of(MasterKey.VARIABLE, text)))
          .hasMessageNotContaining("hunter2");
    }
  }

  @Test
  void aMasterKeyComesFromTheEnvironmentWhereItIsSet() {
    String text = Base64.getEncoder().encodeToString(bytes(1));
    assertThat(MasterKey.fromEnvironment(Map.of())).isEmpty();
    MasterKey key = MasterKey.fromEnvironment(Map.of(MasterKey.VARIABLE, text + "\n")).orElseThrow();
    assertThat(key.unwrap(master.wrap(bytes(9), bytes(8)), bytes(8))).isEqualTo(bytes(9));
    assertThat(key.unwrap(master.wrap(bytes(9), bytes(8)), bytes(7))).isNull();
  }

  @Test
  void nothingPrintsAKey() {
    FileKeyring keyring = open();
    TenantKey key = keyring.create(A);
    String hex = HexFormat.of().formatHex(secret(key));
    assertThat(key + " " + keyring + " " + master + " " + new MemoryKeyring(bytes(4)))
        .doesNotContain(hex)
        .doesNotContain(HexFormat.of().formatHex(bytes(1)))
        .doesNotContain(HexFormat.of().formatHex(bytes(4)));
  }

  @Test
  void aKeyringOfAGivenKeyOpensWhatAnEarlierOneSealed() {
    MemoryKeyring first = new MemoryKeyring(bytes(4));
    MemoryKeyring second = new MemoryKeyring(bytes(4));
    first.create(A);
    first.create(A);

    assertThat(first.has(B)).isTrue();
    assertThat(secret(second.key(A, 2))).isEqualTo(secret(first.current(A)));
    assertThat(secret(first.current(B))).isNotEqualTo(secret(first.key(A, 1)));
    first.destroy(B);
    assertThat(first.has(B)).isFalse();
    isRefused(ErrorCode.FRAME_KEY_UNKNOWN, () -> first.key(B, 1));
    isRefused(ErrorCode.TENANT_KEY_MISSING, () -> first.current(B));
    assertThat(first.create(B).generation()).as("its old key is not derived again").isEqualTo(2);
    isRefused(ErrorCode.FRAME_KEY_UNKNOWN, () -> first.key(B, 1));
    assertThat(first.current(B).generation()).isEqualTo(2);
  }

  private static void isRefused(ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfAny(OperatorException.class, CorruptionException.class)
        .isInstanceOfSatisfying(HeliosException.class, e -> assertThat(e.problem().code()).isEqualTo(code));
  }
}
