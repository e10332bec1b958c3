package io.helios.repl.migration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The table of states, and the page that shows it. */
class TransitionsTest {

  @Test
  void theDiagramOfTheDocumentationIsTheTable() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "migration.md"), StandardCharsets.UTF_8);
    assertThat(page).as("put Transitions.diagram() into the page").contains("```mermaid\n" + Transitions.diagram() + "```");
  }

  @Test
  void thereIsOneWayFromOneToAnother() {
    Set<Set<MigrationState>> seen = new HashSet<>();
    Set<String> pairs = new HashSet<>();
    for (Transition t : Transitions.TABLE) {
      assertThat(pairs.add(t.from() + " " + t.to())).as(t.toString()).isTrue();
      seen.add(EnumSet.of(t.from(), t.to()));
    }
    assertThat(seen).isNotEmpty();
  }

  @Test
  void everyStateIsReachedAndOnlyEndsLeadNowhere() {
    for (MigrationState state : MigrationState.values()) {
      if (state != MigrationState.PLANNED) {
        assertThat(Transitions.TABLE).as(state + " is reached").anyMatch(t -> t.to() == state);
      }
      boolean leads = Transitions.TABLE.stream().anyMatch(t -> t.from() == state);
      assertThat(leads).as(state + " leads on").isEqualTo(!state.ended() || state == MigrationState.FAILED);
    }
  }

  @Test
  void onlyTheArbiterLeadsOutOfACutover() {
    assertThat(Transitions.TABLE)
        .filteredOn(t -> t.from().cutting())
        .allMatch(t -> t.reason() == Transition.Reason.EPOCH_REFUSED || t.reason() == Transition.Reason.EPOCH_TAKEN);
  }
}
