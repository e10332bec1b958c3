package io.helios.repl.tui;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.Dialog;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.model.Notice;
import io.helios.repl.tui.model.Sort;
import io.helios.repl.tui.model.Tab;
import io.helios.repl.tui.model.Watched;
import io.helios.repl.tui.model.Wish;
import io.helios.repl.tui.screen.Theme;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What keys make of the model, and what they wish for. */
class KeysTest {

  private final Model model = SampleFleet.model(80, 24, false);
  private final Typist typist = Typist.on(model);

  private String chosen() {
    Tenant tenant = model.selected();
    return tenant == null ? "" : tenant.name();
  }

  private static News planned(Action action, String... tenants) {
    return new News.Planned(
        action, List.of(tenants).stream().map(t -> new News.TenantPlan(t, List.of("do it"))).toList());
  }

  private String notice() {
    Notice notice = model.notice();
    return notice == null ? "" : notice.text();
  }

  @Test
  void theWorstIsChosenUntilSomethingElseIs() {
    assertThat(chosen()).isEqualTo("tenant-009");
    typist.type("jj");
    assertThat(chosen()).isEqualTo("tenant-702");
    typist.type("k");
    assertThat(chosen()).isEqualTo("tenant-417");
    typist.type("G");
    assertThat(model.chosen()).isEqualTo(41);
    typist.type("g");
    assertThat(chosen()).isEqualTo("tenant-009");
    typist.press(new KeyStroke(KeyType.ArrowUp));
    assertThat(chosen()).isEqualTo("tenant-009");
  }

  /** A list that is sorted anew each second must not move the ground under the operator's finger. */
  @Test
  void aChosenTenantStaysChosenWhereverItGoes() {
    typist.type("jjjjj");
    String name = chosen();
    List<Tenant> tenants = new ArrayList<>(SampleFleet.tenants());
    tenants.replaceAll(t -> t.name().equals(name) ? SampleFleet.withLag(t, 99) : t);
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW.plusSeconds(1), tenants)));
    assertThat(chosen()).isEqualTo(name);
    assertThat(model.chosen()).isEqualTo(1);
  }

  @Test
  void whenTheChosenTenantIsGoneItsNeighbourIsChosen() {
    typist.type("j");
    List<Tenant> tenants = new ArrayList<>(SampleFleet.tenants());
    tenants.removeIf(t -> t.name().equals("tenant-417"));
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW.plusSeconds(1), tenants)));
    assertThat(chosen()).isEqualTo("tenant-702");
  }

  @Test
  void aLongListScrollsNoMoreThanItMust() {
    assertThat(model.firstSeen()).isZero();
    typist.type("j".repeat(11));
    assertThat(model.firstSeen()).isZero();
    typist.type("j");
    assertThat(model.firstSeen()).isEqualTo(1);
    typist.press(new KeyStroke(KeyType.PageDown));
    assertThat(model.chosen()).isEqualTo(24);
    assertThat(model.firstSeen()).isEqualTo(13);
    typist.control('u');
    assertThat(model.chosen()).isEqualTo(18);
    assertThat(model.firstSeen()).isEqualTo(13);
  }

  @Test
  void aFilterNarrowsAsItIsTypedAndEscapeTakesItBack() {
    typist.type("/state:fail");
    assertThat(model.listed()).extracting(Tenant::name).containsExactly("tenant-009");
    typist.enter();
    assertThat(model.filter().text()).isEqualTo("state:fail");
    typist.type("/").control('u').type("-417");
    assertThat(model.listed()).extracting(Tenant::name).containsExactly("tenant-417");
    typist.escape();
    assertThat(model.filter().text()).isEqualTo("state:fail");
    typist.escape();
    assertThat(model.listed()).hasSize(42);
  }

  @Test
  void filtersTellStatesTiersAndPlacesAndTurnRound() {
    typist.type("/tier:prem state:lag\n");
    assertThat(model.listed()).extracting(Tenant::name).containsExactly("tenant-417");
    typist.type("/").control('u').type("!state:streaming !region:us-east-2\n");
    assertThat(model.listed()).extracting(Tenant::name).containsExactly("tenant-702", "tenant-555", "tenant-800");
    typist.type("/").control('u').type("colour:red\n");
    assertThat(model.listed()).isEmpty();
    assertThat(notice()).contains("colour:").contains("state:");
  }

  @Test
  void sortingGoesRound() {
    typist.type(">");
    assertThat(model.sort()).isEqualTo(Sort.LAG);
    assertThat(chosen()).isEqualTo("tenant-800");
    typist.type("<<");
    assertThat(model.sort()).isEqualTo(Sort.NAME);
    typist.type(":sort behind\n");
    assertThat(chosen()).isEqualTo("tenant-555");
    typist.type(":sort colour\n");
    assertThat(notice()).contains("trouble", "budget");
  }

  @Test
  void tabsOpenByNumberAndEscapeLeadsHome() {
    typist.type("2");
    assertThat(model.tab()).isEqualTo(Tab.MIGRATIONS);
    typist.type("3");
    assertThat(model.tab()).isEqualTo(Tab.FAILOVER);
    typist.type("4");
    assertThat(model.tab()).isEqualTo(Tab.SOURCES);
    typist.press(new KeyStroke(KeyType.Tab));
    assertThat(model.tab()).isEqualTo(Tab.EVENTS);
    typist.escape();
    assertThat(model.tab()).isEqualTo(Tab.TENANTS);
  }

  @Test
  void anEventOpensItsTenantAlsoWhenTheFilterHidesIt() {
    typist.type("/tier:prem\n5jj\n");
    assertThat(model.isOpen()).isTrue();
    assertThat(chosen()).isEqualTo("tenant-009");
  }

  @Test
  void anActionIsDoneOnlyAfterItsPlanWasShownAndAnswered() {
    typist.type("jp");
    assertThat(typist.wishes).containsExactly(new Wish.Plan(Action.PAUSE, List.of("tenant-417")));
    typist.type("y"); // typed ahead: nothing has been shown yet
    assertThat(typist.wishes).hasSize(1);
    model.hear(planned(Action.PAUSE, "tenant-417"));
    typist.enter();
    assertThat(typist.wishes).hasSize(1);
    typist.type("y");
    assertThat(typist.wishes).last().isEqualTo(new Wish.CarryOut(Action.PAUSE, List.of("tenant-417")));
    assertThat(model.dialog()).isNull();
  }

  @Test
  void aPlanThatIsLeftDoesNothing() {
    typist.type("p");
    model.hear(planned(Action.PAUSE, "tenant-009"));
    typist.type("n");
    typist.type("p").escape();
    model.hear(planned(Action.PAUSE, "tenant-009"));
    assertThat(model.dialog()).as("it comes too late").isNull();
    typist.type("y");
    assertThat(typist.wishes).noneMatch(w -> w instanceof Wish.CarryOut);
  }

  @Test
  void aSevereActionNeedsTheWholeName() {
    typist.type(":resync tenant-417\n");
    model.hear(planned(Action.RESYNC, "tenant-417"));
    typist.enter().type("y\n").press(new KeyStroke(KeyType.Backspace)).type("tenant-41\n");
    assertThat(typist.wishes).noneMatch(w -> w instanceof Wish.CarryOut);
    typist.type("7\n");
    assertThat(typist.wishes).last().isEqualTo(new Wish.CarryOut(Action.RESYNC, List.of("tenant-417")));
  }

  @Test
  void resumeDoesWhatTheStateAsksFor() {
    typist.type("R").escape();
    assertThat(typist.wishes).last().isEqualTo(new Wish.Plan(Action.START, List.of("tenant-009")));
    typist.type(":open tenant-800\nR").escape();
    assertThat(typist.wishes).last().isEqualTo(new Wish.Plan(Action.RESUME, List.of("tenant-800")));
    typist.type(":open tenant-100\nR");
    assertThat(typist.wishes).hasSize(2);
    assertThat(notice()).contains("tenant-100");
  }

  @Test
  void whatIsMarkedIsMeantTogether() {
    typist.type("j  p");
    assertThat(typist.wishes).containsExactly(new Wish.Plan(Action.PAUSE, List.of("tenant-417", "tenant-702")));
    typist.escape().type(":resync\n");
    assertThat(typist.wishes).hasSize(1);
    assertThat(notice()).contains("one tenant at a time");
    typist.escape();
    assertThat(model.marked()).isEmpty();
  }

  @Test
  void readOnlyHidesActionsHoweverTheyAreAskedFor() {
    Model readOnly = SampleFleet.model(80, 24, true);
    Typist hands = Typist.on(readOnly);
    hands.type("pvR:delete tenant-009\n:pause\n");
    assertThat(hands.wishes).isEmpty();
    assertThat(readOnly.dialog()).isNull();
    assertThat(GoldenScreen.draw(readOnly, new Theme(true, true))).doesNotContain("pause  v");
  }

  @Test
  void aLineThatIsNoCommandIsToldWithThoseThatAre() {
    typist.type(":reboot\n");
    assertThat(notice()).contains("reboot").contains("pause, resume");
    typist.type(":pause nobody\n");
    assertThat(notice()).contains("no tenant \"nobody\"");
    assertThat(typist.wishes).isEmpty();
  }

  @Test
  void aRefusalIsReadBeforeItGoes() {
    model.hear(new News.Refused("pause x", Objects.requireNonNull(SampleFleet.failed().error())));
    typist.type("jjj ");
    assertThat(model.dialog()).isInstanceOf(Dialog.Refusal.class);
    typist.escape();
    assertThat(model.dialog()).isNull();
  }

  @Test
  void qLeavesAndSoDoControlCAndATerminalThatIsGone() {
    assertThat(Typist.on(model).enter().type("qq").wishes).containsExactly(new Wish.Quit(false));
    assertThat(Typist.on(model).type("?").control('c').wishes).containsExactly(new Wish.Quit(true));
    assertThat(Typist.on(model).press(new KeyStroke(KeyType.EOF)).wishes).containsExactly(new Wish.Quit(true));
  }

  @Test
  void escapeWithAQuickKeyBehindItIsBoth() {
    typist.enter().press(new KeyStroke('j', false, true));
    assertThat(model.isOpen()).isFalse();
    assertThat(chosen()).isEqualTo("tenant-417");
  }

  @Test
  void aPipelineIsWatchedOnlyWhereItIsShown() {
    assertThat(model.watched()).isNull();
    typist.enter();
    assertThat(model.watched()).isEqualTo(new Watched.Stages("tenant-009"));
    model.hear(new News.Piped(SampleFleet.pipeline("tenant-417")));
    assertThat(model.pipeline()).as("of another tenant").isNull();
    model.hear(new News.Piped(SampleFleet.pipeline("tenant-009")));
    typist.type("j");
    assertThat(model.pipeline()).isNull();
    model.resize(120, 40);
    typist.escape();
    assertThat(model.watched()).isEqualTo(new Watched.Stages("tenant-417"));
  }

  @Test
  void anEventThatIsToldTwiceIsShownOnce() {
    SampleFleet.events().forEach(e -> model.hear(new News.Happened(e)));
    assertThat(model.events()).extracting(e -> e.id()).containsExactly(13L, 12L, 11L);
  }

  @Test
  void silenceIsNoticedAlsoWhileTheConnectionStands() {
    model.tick(SampleFleet.NOW.plusSeconds(3));
    assertThat(model.silence()).isNull();
    model.tick(SampleFleet.NOW.plusSeconds(9));
    assertThat(model.silence()).isNotNull();
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW.plusSeconds(9), SampleFleet.tenants())));
    assertThat(model.silence()).isNull();
  }
}
