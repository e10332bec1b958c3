package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class AuditChainTest {

  private static final Instant AT = Instant.parse("2026-01-01T00:00:00.123456Z");

  private static List<AuditEntry> lines(int count) {
    List<AuditEntry> lines = new ArrayList<>();
    String head = AuditEntry.NOTHING;
    for (int i = 1; i <= count; i++) {
      AuditEntry line = line("token:é", i).sealed(i, head);
      head = line.hash();
      lines.add(line);
    }
    return lines;
  }

  private static AuditEntry line(String who, int i) {
    return new AuditEntry(
        0, AT.plusSeconds(i), who, "admin", "127.0.0.1", "POST /x", i % 2 == 0 ? null : "d", "asked",
        i % 3 == 0 ? 200 : null, null, i % 3 == 0 ? (Long) (i - 1L) : null, "", "");
  }

  private static JsonNode walk(List<AuditEntry> lines, @Nullable String noted) {
    AuditChain chain = new AuditChain(noted);
    lines.forEach(chain::next);
    return chain.document();
  }

  private static void broken(List<AuditEntry> lines, long at, String why) {
    JsonNode found = walk(lines, null);
    assertThat(found.path("ok").asBoolean()).isFalse();
    assertThat(found.path("broken").path("id").asLong()).isEqualTo(at);
    assertThat(found.path("broken").path("reason").asString()).contains(why);
  }

  @Test
  void aLogThatNobodyTouchedIsWholeAndTellsItsHead() {
    List<AuditEntry> lines = lines(9);
    JsonNode found = walk(lines, null);
    assertThat(found.path("ok").asBoolean()).isTrue();
    assertThat(found.path("entries").asInt()).isEqualTo(9);
    assertThat(found.path("head").asString()).isEqualTo(lines.getLast().hash());
    assertThat(walk(List.of(), null).path("ok").asBoolean()).as("an empty one").isTrue();
  }

  @Test
  void aLineThatWasChangedIsNamedAlsoWhenItsOwnHashWasMadeToFit() {
    List<AuditEntry> lines = lines(5);
    AuditEntry third = lines.get(2);
    AuditEntry other = line("token:mallory", 3);
    lines.set(2, new AuditEntry(
        3, third.at(), "token:mallory", third.role(), third.address(), third.action(), third.detail(), third.outcome(),
        third.status(), third.code(), third.refers(), third.previous(), third.hash()));
    broken(lines, 3, "changed");
    lines.set(2, other.sealed(3, third.previous()));
    broken(lines, 4, "line before it");
  }

  @Test
  void aLineThatIsMissingOrStandsTwiceIsNamed() {
    List<AuditEntry> lines = lines(5);
    AuditEntry second = lines.remove(1);
    broken(lines, 2, "missing");
    lines.add(1, second);
    lines.add(2, second);
    broken(lines, 3, "missing");
    broken(lines(3).subList(1, 3), 1, "missing");
  }

  @Test
  void aLogThatWasCutOffOrWrittenAnewDoesNotHaveTheHeadThatWasNoted() {
    List<AuditEntry> lines = lines(5);
    assertThat(walk(lines, lines.get(3).hash()).path("ok").asBoolean()).isTrue();
    JsonNode cut = walk(lines.subList(0, 3), lines.get(3).hash());
    assertThat(cut.path("ok").asBoolean()).isFalse();
    assertThat(cut.path("broken").path("reason").asString()).contains("cut off");
  }
}
