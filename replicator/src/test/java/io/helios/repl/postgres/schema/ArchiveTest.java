package io.helios.repl.postgres.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The three forms that a table of contents has had since PostgreSQL 12; what pg_dump itself writes is in DefinitionsTest. */
class ArchiveTest {

  private static final ArchiveEntry VIEW =
      new ArchiveEntry(7, 1259, 4000000000L, "VIEW", "v\n;", "CREATE VIEW s.v;", "DROP VIEW s.v;", "s", "me", List.of(3, 5));

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private void number(int value) {
    bytes.write(value < 0 ? 1 : 0);
    int size = Math.abs(value);
    for (int i = 0; i < 4; i++) {
      bytes.write(size >> (8 * i));
    }
  }

  private void text(@Nullable String text) {
    if (text == null) {
      number(-1);
      return;
    }
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    number(encoded.length);
    bytes.writeBytes(encoded);
  }

  private byte[] archive(int minor) {
    bytes.writeBytes("PGDMP".getBytes(StandardCharsets.US_ASCII));
    bytes.writeBytes(new byte[] {1, (byte) minor, 0, 4, 8, 1});
    if (minor >= 15) {
      bytes.write(0);
    } else {
      number(-1);
    }
    for (int i = 0; i < 7; i++) {
      number(i);
    }
    for (String text : new String[] {"db", "17.1", "17.2"}) {
      text(text);
    }
    number(1);
    number(VIEW.number());
    number(0);
    text("1259");
    text("4000000000");
    text(VIEW.tag());
    text(VIEW.kind());
    number(2);
    text(VIEW.definition());
    text(VIEW.drop());
    text("");
    text(VIEW.schema());
    text(null);
    text("");
    if (minor >= 16) {
      number('v');
    }
    text(VIEW.owner());
    text("false");
    text("3");
    text("5");
    text(null);
    bytes.writeBytes(new byte[9]);
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 15, 16})
  void eachFormIsRead(int minor) {
    assertThat(Archive.read(archive(minor))).containsExactly(VIEW);
    assertThat(VIEW.name()).as("in one line").isEqualTo("view s.v ;");
  }

  @Test
  void whatEndsTooEarlyIsToldWhereverItEnds() {
    byte[] whole = archive(16);
    for (int length = 0; length < whole.length - 9; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Archive.read(cut)).isInstanceOf(CorruptionException.class);
    }
  }

  @Test
  void aFormThatIsNotKnownIsNotGuessed() {
    byte[] newer = archive(17);
    assertThatThrownBy(() -> Archive.read(newer)).isInstanceOf(CorruptionException.class).hasMessageContaining("HR-2482");
  }
}
