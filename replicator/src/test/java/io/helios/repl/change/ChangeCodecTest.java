package io.helios.repl.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputBytes;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ChangeCodecTest {

  private static final CutoverMarker MARKER =
      new CutoverMarker(
          new UUID(1, 2), 3, new UUID(4, 5),
          List.of(new CutoverMarker.Sequence("public", "ids", "public", "orders", "id", -7, true, -2)));
  private static final Relation ORDERS = relation(16400, "public", "orders", 3);

  @Test
  void everyKindOfEntryComesBackAsItWasWritten() {
    ChangeWriter writer = new ChangeWriter();
    Tuple row = tuple("1", null, "x");
    Tuple old = tuple("1", null, null);
    Relation odd = relation(-2, "Ünïcode \"schema\"", "t\u0000able", 3);
    writer.begin(new Lsn(0x1_0000_0010L), -5, false);
    writer.insert(ORDERS, row);
    writer.update(ORDERS, null, false, row);
    writer.update(odd, old, true, row);
    writer.update(ORDERS, row, false, row);
    writer.delete(odd, old, true);
    writer.delete(ORDERS, row, false);
    writer.truncate(ORDERS, true);
    writer.upsert(odd, row);
    writer.marker(MARKER);
    writer.end(new Lsn(0x1_0000_0010L));
    writer.begin(new Lsn(-1), 7, true);
    writer.truncate(odd, false);

    List<FrameEntry> read = read(writer);

    assertThat(writer.changes()).isEqualTo(9);
    assertThat(shapes(read))
        .containsExactly(
            "Begin[commitLsn=1/10, commitTimeMicros=-5, continued=false]",
            "insert public.orders 1,-,x",
            "update public.orders 1,-,x",
            "update Ünïcode \"schema\".t\u0000able key 1,-,- 1,-,x",
            "update public.orders row 1,-,x 1,-,x",
            "delete Ünïcode \"schema\".t\u0000able key 1,-,-",
            "delete public.orders row 1,-,x",
            "truncate public.orders true",
            "upsert Ünïcode \"schema\".t\u0000able 1,-,x",
            "Marker[marker=" + MARKER + "]",
            "End[commitLsn=1/10]",
            "Begin[commitLsn=FFFFFFFF/FFFFFFFF, commitTimeMicros=7, continued=true]",
            "truncate Ünïcode \"schema\".t\u0000able false");
    assertThat(((Change) read.get(1)).relation()).isEqualTo(ORDERS);
    assertThat(((Change) read.get(3)).relation()).isEqualTo(odd);
  }

  @Test
  void aRelationIsWrittenOnceAPayload() {
    ChangeWriter writer = new ChangeWriter();
    Tuple row = tuple("1", "2", "3");
    writer.begin(new Lsn(1), 0, false);
    writer.insert(ORDERS, row);
    int first = writer.size();
    writer.insert(ORDERS, row);
    assertThat(writer.size() - first).isEqualTo(3 + row.byteLength());
    writer.reset();
    writer.begin(new Lsn(2), 0, false);
    writer.insert(ORDERS, row);
    assertThat(writer.size()).isEqualTo(first);
  }

  @Test
  void aRowOfManyMegabytesGrowsTheBufferAndIsNotKeptAfterReset() {
    ChangeWriter writer = new ChangeWriter();
    Tuple row = tuple("x".repeat(9 << 20), null, null);
    writer.begin(new Lsn(1), 0, false);
    writer.insert(ORDERS, row);
    writer.end(new Lsn(1));
    assertThat(((Change.Insert) read(writer).get(1)).row().valueLength(0)).isEqualTo(9 << 20);
    writer.reset();
    assertThat(writer.array().length).isLessThan(1 << 20);
  }

  @Test
  void whatBreaksTheGrammarIsCorrupt() {
    assertCorrupt(new byte[] {'E', 0, 0, 0, 0, 0, 0, 0, 1});
    assertCorrupt(new byte[] {'I', 0, 0});
    assertCorrupt(new byte[] {'B', 2});
    assertCorrupt(new byte[] {'?'});
    ChangeWriter writer = new ChangeWriter();
    writer.begin(new Lsn(1), 0, false);
    writer.insert(ORDERS, tuple("1", "2"));
    assertCorrupt(Arrays.copyOf(writer.array(), writer.size()));
  }

  @Test
  void aKindThatThisVersionDoesNotKnowIsRefusedByItsNameAndNotPassedOver() {
    ChangeWriter writer = new ChangeWriter();
    writer.begin(new Lsn(1), 0, false);
    int before = writer.size();
    writer.insert(ORDERS, tuple("1", "2", "3"));
    byte[] payload = Arrays.copyOf(writer.array(), writer.size());
    for (int i = before; i < payload.length; i++) {
      if (payload[i] == 'I' && payload[i + 1] == 0 && payload[i + 2] == 0) {
        payload[i] = 'Q';
      }
    }
    assertThatThrownBy(() -> read(payload)).isInstanceOfSatisfying(
        CorruptionException.class, e -> assertThat(e.problem().why()).contains("'Q'"));
  }

  @Test
  void aPolledRowThatLacksAValueIsCorrupt() {
    ChangeWriter writer = new ChangeWriter();
    writer.begin(new Lsn(1), 0, false);
    writer.upsert(ORDERS, PgOutputBytes.tuple("1", "\0u", "3"));
    assertCorrupt(Arrays.copyOf(writer.array(), writer.size()));
  }

  @Test
  void randomPayloadsComeBackAndMutatedOnesNeverDoWorseThanCorruption() {
    long seed = Long.getLong("helios.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      ChangeWriter writer = randomPayload(random);
      byte[] payload = Arrays.copyOf(writer.array(), writer.size());
      List<String> shapes = shapes(read(payload));
      assertThat(shapes.stream().filter(s -> !s.startsWith("Begin") && !s.startsWith("End")).count())
          .as("seed %d", seed)
          .isEqualTo(writer.changes());
      for (int i = 0; i < 300; i++) {
        byte[] mutated = mutate(payload, random);
        try {
          read(mutated);
        } catch (CorruptionException expected) {
          assertThat(expected.problem().code().id()).isEqualTo("HR-2191");
        } catch (RuntimeException e) {
          throw new AssertionError("seed " + seed, e);
        }
      }
    }
  }

  private static ChangeWriter randomPayload(Random random) {
    ChangeWriter writer = new ChangeWriter();
    List<Relation> relations = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(3); i++) {
      relations.add(relation(i, "s" + i, "t" + i, random.nextInt(5)));
    }
    for (int t = 0; t < 1 + random.nextInt(4); t++) {
      writer.begin(new Lsn(t), t, random.nextBoolean());
      for (int c = 0; c < random.nextInt(6); c++) {
        Relation relation = relations.get(random.nextInt(relations.size()));
        Tuple row = randomTuple(random, relation.columns().size());
        Tuple old = randomTuple(random, relation.columns().size());
        switch (random.nextInt(6)) {
          case 0 -> writer.insert(relation, row);
          case 1 -> writer.update(relation, null, false, row);
          case 2 -> writer.update(relation, old, random.nextBoolean(), row);
          case 3 -> writer.delete(relation, old, random.nextBoolean());
          case 4 -> writer.upsert(relation, row);
          default -> writer.truncate(relation, random.nextBoolean());
        }
      }
      writer.end(new Lsn(t));
    }
    return writer;
  }

  private static byte[] mutate(byte[] payload, Random random) {
    byte[] mutated = Arrays.copyOf(payload, random.nextInt(4) == 0 ? random.nextInt(payload.length + 1) : payload.length);
    for (int i = 0; i < 1 + random.nextInt(4) && mutated.length > 0; i++) {
      mutated[random.nextInt(mutated.length)] = (byte) random.nextInt(256);
    }
    return mutated;
  }

  private static Tuple randomTuple(Random random, int columns) {
    @Nullable String[] values = new @Nullable String[columns];
    for (int i = 0; i < columns; i++) {
      values[i] = random.nextInt(4) == 0 ? null : "v".repeat(random.nextInt(20));
    }
    return tuple(values);
  }

  private static void assertCorrupt(byte[] payload) {
    assertThatThrownBy(() -> read(payload)).isInstanceOf(CorruptionException.class);
  }

  private static List<FrameEntry> read(ChangeWriter writer) {
    return read(Arrays.copyOf(writer.array(), writer.size()));
  }

  private static List<FrameEntry> read(byte[] payload) {
    // An offset, so that a reader that forgets it is found out.
    byte[] shifted = new byte[payload.length + 7];
    System.arraycopy(payload, 0, shifted, 3, payload.length);
    ChangeReader reader = new ChangeReader(shifted, 3, payload.length);
    List<FrameEntry> entries = new ArrayList<>();
    for (FrameEntry entry = reader.next(); entry != null; entry = reader.next()) {
      entries.add(entry);
    }
    return entries;
  }

  private static List<String> shapes(List<FrameEntry> entries) {
    return entries.stream()
        .map(entry -> switch (entry) {
          case FrameEntry.Begin begin -> begin.toString();
          case FrameEntry.Marker marker -> marker.toString();
          case FrameEntry.End end -> end.toString();
          case Change.Insert c -> "insert " + name(c) + " " + values(c.row());
          case Change.Update c -> "update " + name(c)
              + (c.old() == null ? "" : (c.oldIsKey() ? " key " : " row ") + values(c.old())) + " " + values(c.row());
          case Change.Delete c -> "delete " + name(c) + (c.oldIsKey() ? " key " : " row ") + values(c.old());
          case Change.Upsert c -> "upsert " + name(c) + " " + values(c.row());
          case Change.Truncate c -> "truncate " + name(c) + " " + c.restartIdentity();
        })
        .toList();
  }

  private static String name(Change change) {
    return change.relation().qualifiedName();
  }

  private static String values(Tuple tuple) {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < tuple.columnCount(); i++) {
      String text = tuple.text(i);
      values.add(text == null ? "-" : text);
    }
    return String.join(",", values);
  }

  private static Relation relation(int oid, String schema, String name, int columns) {
    List<Relation.Column> list = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      list.add(new Relation.Column("c" + i, 20 + i, -1, i == 0));
    }
    return new Relation(oid, schema, name, 'd', list);
  }

  private static Tuple tuple(@Nullable String... values) {
    return PgOutputBytes.tuple(values);
  }
}
