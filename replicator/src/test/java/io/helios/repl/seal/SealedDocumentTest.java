package io.helios.repl.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A document of a tenant's data, on disk. */
class SealedDocumentTest {

  private static final UUID TENANT = new UUID(1, 2);

  @TempDir Path directory;

  private final Keyring keyring = new MemoryKeyring(new byte[32]);

  private Path written(byte[] content) throws IOException {
    keyring.create(TENANT);
    Path file = directory.resolve("document");
    SealedDocument.write(file, keyring, TENANT, 7, content);
    return file;
  }

  @Test
  void whatIsWrittenIsReadAlsoInPartsAndEmpty() throws IOException {
    byte[] large = new byte[9 << 20];
    new Random(1).nextBytes(large);
    for (byte[] content : new byte[][] {large, {}, "one row".getBytes(StandardCharsets.UTF_8)}) {
      Path file = written(content);
      keyring.create(TENANT);
      assertThat(SealedDocument.read(file, keyring, TENANT, 7)).isEqualTo(content);
      assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)).doesNotContain("one row");
    }
  }

  @Test
  void withTheKeyItIsGone() throws IOException {
    Path file = written("one row".getBytes(StandardCharsets.UTF_8));
    keyring.destroy(TENANT);
    assertThatThrownBy(() -> SealedDocument.read(file, keyring, TENANT, 7)).isInstanceOf(CorruptionException.class);
  }

  @Test
  void anotherEpochsOneThatIsCutOrHasMoreIsRefused() throws IOException {
    byte[] content = new byte[5 << 20];
    Path file = written(content);
    assertThatThrownBy(() -> SealedDocument.read(file, keyring, TENANT, 8)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> SealedDocument.read(file, keyring, new UUID(1, 3), 7)).isInstanceOf(IOException.class);
    byte[] whole = Files.readAllBytes(file);
    byte[] more = Arrays.copyOf(whole, whole.length + 1);
    for (byte[] wrong : new byte[][] {{}, Arrays.copyOf(whole, whole.length - 1), Arrays.copyOf(whole, 32), more}) {
      Files.write(file, wrong);
      assertThatThrownBy(() -> SealedDocument.read(file, keyring, TENANT, 7))
          .isInstanceOfAny(IOException.class, CorruptionException.class);
    }
    whole[whole.length / 2] ^= 1;
    Files.write(file, whole);
    assertThatThrownBy(() -> SealedDocument.read(file, keyring, TENANT, 7))
        .isInstanceOfAny(IOException.class, CorruptionException.class);
  }
}
