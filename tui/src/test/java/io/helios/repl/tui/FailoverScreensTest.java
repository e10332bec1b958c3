package io.helios.repl.tui;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.terminal.virtual.DefaultVirtualTerminal;
import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverNews;
import io.helios.repl.tui.fleet.FailoverPhase;
import io.helios.repl.tui.fleet.FleetUpdate;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.Dialog;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.model.Notice;
import io.helios.repl.tui.model.Tab;
import io.helios.repl.tui.model.Watched;
import io.helios.repl.tui.model.Wish;
import io.helios.repl.tui.screen.Theme;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tab of failovers, cell by cell, and its keys. */
class FailoverScreensTest {

  private static final Theme FULL = new Theme(true, true);

  private static Model model(int columns, int rows, FailoverNews news) {
    Model model = SampleFleet.model(columns, rows, false);
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW, SampleFleet.tenants(), List.of(), news)));
    return model;
  }

  private static Model model(int columns, int rows, String keys) {
    Model model = model(columns, rows, SampleFailovers.news());
    Typist.on(model).type(keys);
    Failover chosen = model.selectedFailover();
    if (chosen != null) {
      model.hear(new News.Recounted(SampleFailovers.passages(chosen)));
    }
    return model;
  }

  private static void golden(String name, Model model) {
    String size = "-" + model.layout().columns() + "x" + model.layout().rows();
    GoldenScreen.assertGolden("failover-" + name + size, GoldenScreen.draw(model, FULL));
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void whoHasNoHomeIsFirstAndWhatHasEndedLast(int columns, int rows) {
    golden("first", model(columns, rows, "3"));
    golden("last", model(columns, rows, "3G"));
    GoldenScreen.assertGolden(
        "failover-styles-" + columns + "x" + rows, GoldenScreen.styles(GoldenScreen.terminal(model(columns, rows, "3"), FULL)));
  }

  @ParameterizedTest
  @CsvSource({"stuck, 109", "not-sent, 112", "failed, 009", "promoted, 124", "to-rejoin, 118", "following, 121", "planned, 417"})
  void eachPhaseTellsHowItStandsAndWhatComesNext(String name, String tenant) {
    for (int[] size : new int[][] {{80, 24}, {120, 40}}) {
      golden(name, model(size[0], size[1], "3/-" + tenant + "\n"));
      golden(name + "-open", model(size[0], size[1], "3/-" + tenant + "\n\n"));
    }
  }

  /** Before anything has failed one looks at the observers here. */
  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void anEmptyListShowsTheObservers(int columns, int rows) {
    Model model = model(columns, rows, new FailoverNews(List.of(), List.of(), SampleFailovers.observations(), SampleFailovers.leases()));
    Typist.on(model).type("3");
    golden("empty", model);
    Model none = model(columns, rows, "3/nobody\n");
    golden("no-fit", none);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aTerminalWithoutUtf8GetsAsciiOnlyAndColoursOnlyRepeatWhatIsSaid(int columns, int rows) {
    for (String keys : List.of("3", "3/-121\n\n")) {
      Model model = model(columns, rows, keys);
      assertThat(GoldenScreen.draw(model, new Theme(true, false))).matches("(?s)\\p{ASCII}*");
      DefaultVirtualTerminal plain = GoldenScreen.terminal(model, new Theme(false, true));
      assertThat(GoldenScreen.text(plain)).isEqualTo(GoldenScreen.draw(model, FULL));
      assertThat(GoldenScreen.styles(plain)).doesNotContainPattern("[rRyYgGcCf]");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"40x12", "60x16", "20x5", "200x60", "132x24", "100x32", "80x18", "10x2", "1x1"})
  void everySizeIsDrawn(String size) {
    int columns = Integer.parseInt(size.substring(0, size.indexOf('x')));
    int rows = Integer.parseInt(size.substring(size.indexOf('x') + 1));
    for (String keys : List.of("3", "3\n", "3G", "3/zzz\n", "3jjB")) {
      GoldenScreen.draw(model(columns, rows, keys), FULL);
    }
    golden("size", model(columns, rows, "3/-109\n"));
  }

  @Test
  void everyPhaseIsInTheSample() {
    assertThat(SampleFailovers.all()).extracting(FailoverPhase::of).contains(FailoverPhase.values());
  }

  /** What a state allows is offered, and nothing else is asked of the server by a key. */
  @ParameterizedTest
  @CsvSource({
    "009, f:FAILOVER", // given up
    "136, f:FAILOVER", // back
    "121, B:FAILBACK f:FAILOVER", // following
    "118, J:REJOIN",
    "109, ''", // stuck
    "100, ''", // waits for a lease
    "124, ''", // promoted, and the old home away
  })
  void onlyWhatFitsIsAskedFor(String tenant, String fitting) {
    for (char key : "fBJ".toCharArray()) {
      Model model = model(120, 40, "3/-" + tenant + "\n");
      Typist typist = Typist.on(model);
      typist.type(String.valueOf(key));
      List<String> allowed = Stream.of(fitting.split(" ", -1)).filter(s -> s.startsWith(key + ":")).map(s -> s.substring(2)).toList();
      assertThat(typist.wishes)
          .as("%s of %s", key, tenant)
          .isEqualTo(allowed.stream().map(a -> (Wish) new Wish.Plan(Action.valueOf(a), List.of("tenant-" + tenant))).toList());
      assertThat(GoldenScreen.draw(model(120, 40, "3/-" + tenant + "\n"), FULL).lines().toList().getLast())
          .as("the footer of %s", tenant)
          .satisfies(line -> allowed.forEach(a -> assertThat(line).contains(key + " " + Action.valueOf(a).word())));
    }
  }

  @Test
  void aFailoverWantsTheNameTyped() {
    Model model = model(80, 24, FailoverNews.NONE);
    Typist typist = Typist.on(model).type(":open tenant-100\nf");
    assertThat(typist.wishes).containsExactly(new Wish.Plan(Action.FAILOVER, List.of("tenant-100")));
    model.hear(new News.Planned(Action.FAILOVER, List.of(new News.TenantPlan("tenant-100", List.of("promote it")))));
    assertThat(model.dialog()).isInstanceOf(Dialog.Confirming.class);
    typist.type("y\n");
    assertThat(typist.wishes).hasSize(1);
    typist.control('u').type("tenant-100\n");
    assertThat(typist.wishes).last().isEqualTo(new Wish.CarryOut(Action.FAILOVER, List.of("tenant-100")));
  }

  @Test
  void oneThatIsInHandIsShownInsteadOfASecond() {
    Model model = model(80, 24, "");
    Typist typist = Typist.on(model).type(":open tenant-124\nf");
    assertThat(typist.wishes).isEmpty();
    assertThat(model.tab()).isEqualTo(Tab.FAILOVER);
    assertThat(Objects.requireNonNull(model.selectedFailover()).tenant()).isEqualTo("tenant-124");
    Notice notice = model.notice();
    assertThat(notice == null ? "" : notice.text()).isEqualTo("tenant-124: its failover is promoted, no failover now");
  }

  /** Its history is asked for once for each of its states, and what comes for another one is not shown. */
  @Test
  void theChosenOnesHistoryIsAskedFor() {
    Model model = model(80, 24, "3/-121\n");
    Failover chosen = SampleFailovers.following();
    assertThat(model.watched()).isEqualTo(new Watched.Succession("tenant-121", "f-tenant-121", chosen.since()));
    assertThat(model.passages()).isNotNull();
    Typist.on(model).type("/-118\n");
    assertThat(model.passages()).isNull();
  }

  @Test
  void whatIsTakenBackByTheServerIsGone() {
    Model model = model(80, 24, "3");
    model.hear(
        new News.Told(
            new FleetUpdate(
                false, SampleFleet.NOW.plusSeconds(1), Objects.requireNonNull(model.fleet()).server(), Objects.requireNonNull(model.fleet()).totals(),
                List.of(), List.of(), List.of(), List.of(), List.of(), List.of(),
                new FailoverNews(List.of(), List.of("tenant-109"), List.of(), List.of()))));
    assertThat(model.failovers()).extracting(Failover::tenant).doesNotContain("tenant-109").contains("tenant-121");
    assertThat(Objects.requireNonNull(model.fleet()).observations()).isEmpty();
  }
}
