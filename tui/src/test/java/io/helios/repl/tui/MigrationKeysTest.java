package io.helios.repl.tui;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.Dialog;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.model.Notice;
import io.helios.repl.tui.model.Tab;
import io.helios.repl.tui.model.Watched;
import io.helios.repl.tui.model.Wish;
import io.helios.repl.tui.screen.Theme;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The keys and commands of a tenant's move. */
class MigrationKeysTest {

  private final Model model = SampleFleet.model(80, 24, false);
  private final Typist typist = Typist.on(model);

  private String notice() {
    Notice notice = model.notice();
    return notice == null ? "" : notice.text();
  }

  private String chosen() {
    return Objects.requireNonNull(model.selectedMove()).tenant();
  }

  private static News planned(Action action, String tenant) {
    return new News.Planned(action, List.of(new News.TenantPlan(tenant, List.of("do it"))));
  }

  private void update(List<Migration> moves) {
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW.plusSeconds(1), SampleFleet.tenants(), moves)));
  }

  @Test
  void aTenantIsMovedAfterItsPlanWasShownAndAnswered() {
    typist.type(":open tenant-100\nm");
    assertThat(typist.wishes).containsExactly(new Wish.Plan(Action.MIGRATE, List.of("tenant-100")));
    model.hear(planned(Action.MIGRATE, "tenant-100"));
    typist.enter().type("y");
    assertThat(typist.wishes).last().isEqualTo(new Wish.CarryOut(Action.MIGRATE, List.of("tenant-100")));
  }

  @Test
  void whatIsSevereWantsTheNameTyped() {
    typist.type("2/-417\nc");
    assertThat(typist.wishes).containsExactly(new Wish.Plan(Action.CUTOVER, List.of("tenant-417")));
    model.hear(planned(Action.CUTOVER, "tenant-417"));
    typist.type("y").enter();
    assertThat(typist.wishes).noneMatch(w -> w instanceof Wish.CarryOut);
    typist.control('u').type("tenant-417\n");
    assertThat(typist.wishes).last().isEqualTo(new Wish.CarryOut(Action.CUTOVER, List.of("tenant-417")));
  }

  /** Whatever a state allows is offered in its footer, and nothing else is asked of the server by a key. */
  @ParameterizedTest
  @CsvSource({
    "417, c:CUTOVER x:CANCEL", // ready
    "112, c:CUTOVER x:CANCEL", // undone
    "115, c:CUTOVER x:CANCEL", // to be tried again
    "118, e:COMPLETE b:ROLLBACK", // switched
    "121, b:ROLLBACK e:COMPLETE",
    "009, m:MIGRATE x:CANCEL", // failed
    "133, m:MIGRATE", // rolled back
    "136, m:MIGRATE", // cancelled
    "555, x:CANCEL", // copied
    "127, x:CANCEL", // planned
    "109, ''", // cutting over
    "702, ''",
    "130, ''", // completed
    "148, ''" // of a newer server
  })
  void theKeysThatFitItsStateAreOfferedAndNoOthers(String tenant, String keys) {
    for (String begin : List.of("2/-" + tenant + "\n", "/-" + tenant + "\n")) {
      for (char key : "mcbex".toCharArray()) {
        Model fresh = SampleFleet.model(80, 24, false);
        Typist hands = Typist.on(fresh).type(begin);
        if (fresh.subject() == null) {
          continue; // the sample has no such tenant
        }
        String footer = GoldenScreen.draw(fresh, new Theme(true, true)).lines().toList().getLast();
        hands.type(String.valueOf(key));
        int at = keys.indexOf(key + ":");
        if (at < 0) {
          assertThat(hands.wishes).as(begin + key).isEmpty();
          assertThat(footer).doesNotContain(" " + key + " ");
        } else {
          Action action = Action.valueOf(keys.substring(at + 2).split(" ", -1)[0]);
          assertThat(hands.wishes).as(begin + key).containsExactly(new Wish.Plan(action, List.of("tenant-" + tenant)));
          assertThat(footer).contains("  " + key + " " + action.word());
        }
      }
    }
  }

  @Test
  void whatIsOnItsWayCanBeGivenUpAndNothingElseAskedMeanwhile() {
    Migration asked = SampleMoves.with(SampleMoves.move("tenant-118", "SWITCHED", 3), "rollback", 0, new Migration.Terms(100, 0, null, false, null), null);
    assertThat(Action.fitting(asked)).containsExactly(Action.ROLLBACK);
    Migration left = SampleMoves.with(SampleMoves.move("tenant-118", "COPYING", 3), "cancel", 0, new Migration.Terms(100, 0, null, false, null), null);
    assertThat(Action.fitting(left)).isEmpty();
  }

  @Test
  void aKeyThatDoesNotFitTellsWhichDo() {
    typist.type("2/-417\nb");
    assertThat(notice()).contains("tenant-417", "ready", "c cutover, x cancel");
    typist.escape().type("1:open tenant-100\nc");
    assertThat(notice()).contains("tenant-100 is not being moved", "m migrates it");
    assertThat(typist.wishes).isEmpty();
  }

  @Test
  void aTenantThatIsBeingMovedIsShownWithItsMigrationRatherThanMovedTwice() {
    typist.type(":open tenant-118\nm");
    assertThat(typist.wishes).isEmpty();
    assertThat(model.tab()).isEqualTo(Tab.MIGRATIONS);
    assertThat(chosen()).isEqualTo("tenant-118");
  }

  @Test
  void commandsNameTheirTenants() {
    typist.type(":migrate tenant-100 tenant-124\n").escape();
    typist.type(":cutover tenant-417\n").escape();
    typist.type(":cutover tenant-417 tenant-118\n");
    assertThat(notice()).contains("one tenant at a time");
    typist.type("2/-118\n:complete\n").escape();
    typist.type(":cancel nobody\n");
    assertThat(notice()).contains("no tenant \"nobody\"");
    assertThat(typist.wishes)
        .containsExactly(
            new Wish.Plan(Action.MIGRATE, List.of("tenant-100", "tenant-124")),
            new Wish.Plan(Action.CUTOVER, List.of("tenant-417")),
            new Wish.Plan(Action.COMPLETE, List.of("tenant-118")));
  }

  @Test
  void markedTenantsAreMovedTogether() {
    typist.type("/tenant-16\ng  m").escape();
    assertThat(typist.wishes).containsExactly(new Wish.Plan(Action.MIGRATE, List.of("tenant-160", "tenant-163")));
    typist.type("/").control('u').type("tenant-15\ng  m"); // of 151, 154 and 157 the second is being moved already
    assertThat(typist.wishes).hasSize(1);
    assertThat(notice()).contains("tenant-154");
  }

  @Test
  void readOnlyHidesEveryStepHoweverItIsAskedFor() {
    Model readOnly = SampleFleet.model(120, 40, true);
    Typist hands = Typist.on(readOnly);
    hands.type(":open tenant-100\nm");
    hands.escape().type("2/-417\ncx");
    String ready = GoldenScreen.draw(readOnly, new Theme(true, true));
    hands.escape().type("/-118\neb:rollback tenant-118\n:migrate tenant-100\n");
    String switched = GoldenScreen.draw(readOnly, new Theme(true, true));
    assertThat(hands.wishes).isEmpty();
    assertThat(readOnly.dialog()).isNull();
    assertThat(ready).doesNotContain("  c cutover", "  x cancel", "c = ");
    assertThat(switched).doesNotContain("  e complete", "  b rollback", "e = ", "b = ");
    hands.type("?");
    assertThat(GoldenScreen.draw(readOnly, new Theme(true, true))).doesNotContain("cancel a move");
  }

  @Test
  void theChosenMigrationStaysChosenWhereverItGoes() {
    typist.type("2jj");
    assertThat(chosen()).isEqualTo("tenant-112");
    List<Migration> moves = new ArrayList<>(SampleMoves.all());
    moves.removeIf(m -> m.tenant().equals("tenant-112"));
    moves.add(SampleMoves.move("tenant-112", "COMPLETED", 1));
    update(moves);
    assertThat(chosen()).isEqualTo("tenant-112");
    assertThat(model.chosen()).isGreaterThan(10);
  }

  @Test
  void migrationsThatAreGoneLeaveNoScreenBehind() {
    typist.type("2\n");
    assertThat(model.isOpen()).isTrue();
    update(List.of());
    assertThat(model.isOpen()).isFalse();
    assertThat(model.selectedMove()).isNull();
    typist.type("jkGgd\n cbex").escape();
    assertThat(typist.wishes).isEmpty();
    assertThat(GoldenScreen.draw(model, new Theme(true, true))).doesNotContain("NO ANSWER");
  }

  @Test
  void historyAndGatesAreAskedForWhereTheyAreShownAndAnewAfterEachStep() {
    typist.type("2/-417\n");
    Migration ready = Objects.requireNonNull(model.selectedMove());
    assertThat(model.watched()).isEqualTo(new Watched.Move("tenant-417", "id-tenant-417", ready.since(), true));
    model.hear(new News.Recounted(SampleMoves.passages(ready)));
    model.hear(new News.Looked(SampleMoves.gates(ready)));
    assertThat(model.passages()).isNotNull();
    Migration cutting = SampleMoves.move("tenant-417", "CUTTING_OVER", 0);
    update(List.of(cutting));
    assertThat(model.watched()).isEqualTo(new Watched.Move("tenant-417", "id-tenant-417", cutting.since(), false));
    typist.escape().type("gj");
    typist.type("1");
    assertThat(model.watched()).isNull();
  }

  @Test
  void whatIsToldOfAnotherMigrationIsNotShownForThisOne() {
    typist.type("2/-417\n");
    Gates other = SampleMoves.gates(SampleMoves.switched());
    model.hear(new News.Looked(other));
    model.hear(new News.Recounted(SampleMoves.passages(SampleMoves.switched())));
    assertThat(model.gates()).isNull();
    assertThat(model.passages()).isNull();
    model.hear(new News.Looked(SampleMoves.gates(SampleMoves.ready())));
    assertThat(model.gates()).isNotNull();
    typist.escape().type("g");
    assertThat(model.gates()).isNull();
  }

  @Test
  void aPlanThatComesTooLateIsDropped() {
    typist.type("2/-417\nc").escape();
    model.hear(planned(Action.CUTOVER, "tenant-417"));
    assertThat(model.dialog()).isNull();
    typist.type("x");
    assertThat(model.dialog()).isInstanceOf(Dialog.Planning.class);
  }

  @Test
  void filtersMeanTheMigrationsStateAndItsEnds() {
    typist.type("2/state:undone\n");
    assertThat(model.moves()).extracting(Migration::tenant).containsExactly("tenant-112");
    typist.type("/").control('u').type("state:ready !tenant-4 target:shop-eu\n");
    assertThat(model.moves()).extracting(Migration::tenant).containsExactly("tenant-112", "tenant-115", "tenant-106");
    typist.type("/").control('u').type("tier:prem\n");
    assertThat(model.moves()).extracting(Migration::tenant).containsExactly("tenant-417");
    typist.type("/").control('u').type("region:us-east-2\n");
    assertThat(model.moves()).extracting(Migration::tenant).containsExactly("tenant-009");
    typist.escape();
    assertThat(model.moves()).hasSize(SampleMoves.all().size());
    assertThat(model.tab()).isEqualTo(Tab.MIGRATIONS);
  }
}
