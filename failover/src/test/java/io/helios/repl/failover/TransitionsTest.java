package io.helios.repl.failover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The table of states, and the page that shows it. */
class TransitionsTest {

  @Test
  void theDiagramOfTheDocumentationIsTheTable() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "failover.md"), StandardCharsets.UTF_8);
    assertThat(page).as("put Transitions.diagram() into the page").contains("```mermaid\n" + Transitions.diagram() + "```");
  }

  @Test
  void thereIsOneWayFromOneToAnotherAndEachStateIsReached() {
    Set<String> pairs = new HashSet<>();
    Transitions.TABLE.forEach(t -> assertThat(pairs.add(t.from() + " " + t.to())).as(t.toString()).isTrue());
    for (FailoverState state : FailoverState.values()) {
      if (state != FailoverState.PLANNED) {
        assertThat(Transitions.TABLE).as(state + " is reached").anyMatch(t -> t.to() == state);
      }
      if (!state.rests()) {
        assertThat(Transitions.TABLE).as(state + " leads on").anyMatch(t -> t.from() == state);
      }
    }
  }

  @Test
  void nothingLeadsBackFromBehindThePromotion() {
    assertThat(Transitions.TABLE).filteredOn(t -> t.from().promoted()).allMatch(t -> t.to().promoted());
    assertThat(Transitions.TABLE)
        .filteredOn(t -> t.from() == FailoverState.PROMOTING)
        .allMatch(t -> t.reason() == Transition.Reason.EPOCH_TAKEN || t.reason() == Transition.Reason.EPOCH_LOST);
  }
}
