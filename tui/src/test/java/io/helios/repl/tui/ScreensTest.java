package io.helios.repl.tui;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.terminal.virtual.DefaultVirtualTerminal;
import io.helios.repl.tui.fleet.Event;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Tenant;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.Filter;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.screen.Theme;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/** What the operator sees, cell by cell, at the two sizes that matter and at some that are harder. */
class ScreensTest {

  private static final Theme FULL = new Theme(true, true);

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void theFleetShowsWhatIsWrongFirst(int columns, int rows) {
    golden("fleet", SampleFleet.model(columns, rows, false));
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void theChosenTenantShowsItsPipeline(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type("j");
    model.hear(new News.Piped(SampleFleet.pipeline("tenant-417")));
    golden("chosen", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void anOpenTenantHasTheScreenForItself(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type("j").enter();
    model.hear(new News.Piped(SampleFleet.pipeline("tenant-417")));
    golden("open", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aFailedTenantShowsItsErrorAndTheHint(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).enter();
    golden("failed", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void sourcesShowTheWalThatTheyHold(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type("4j");
    golden("sources", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void eventsShowWhatHasHappened(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type("5jj");
    golden("events", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void helpTellsTheKeys(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type("?");
    golden("help", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aServerThatIsGoneLeavesTheLastFrameWithItsAge(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    model.hear(new News.Lost("nothing listens there"));
    model.tick(SampleFleet.NOW.plusSeconds(12));
    golden("gone", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void anActionShowsTheServersPlanAndAsks(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type("jp");
    model.hear(
        new News.Planned(
            Action.PAUSE,
            List.of(
                new News.TenantPlan(
                    "tenant-417", List.of("stop applying the changes of tenant-417; they are still captured, and its lag goes on counting")))));
    golden("plan", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aSevereActionWantsTheNameTyped(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type(":resync tenant-417").enter();
    model.hear(
        new News.Planned(Action.RESYNC, List.of(new News.TenantPlan("tenant-417", List.of("compare both sides", "move the rows that differ")))));
    Typist.on(model).type("tenant-4");
    golden("severe", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aRefusalIsToldWithItsHint(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    model.hear(
        new News.Refused(
            "resume tenant-009",
            Fault.of(
                "HR-1306",
                "tenant \"tenant-009\" cannot be resumed",
                "it has failed, and is not paused",
                "helios-repl tenant start tenant-009")));
    golden("refused", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aFilterShowsWhatFitsAndWhatIsTyped(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, true);
    Typist.on(model).type("/tier:prem");
    golden("filter", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aFleetWithoutTenantsSaysHowToBegin(int columns, int rows) {
    Model model = new Model("prod", false, Filter.NONE, Duration.ofSeconds(1), SampleFleet.NOW);
    model.resize(columns, rows);
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW, List.of())));
    golden("empty", model);
  }

  @Test
  void beforeTheFirstNewsItSaysThatItWaits() {
    Model model = new Model("http://127.0.0.1:7400", false, Filter.NONE, Duration.ofSeconds(1), SampleFleet.NOW);
    model.resize(80, 24);
    golden("waiting", model);
  }

  /** Every state has a sign and a word. */
  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void everyStateIsToldApart(int columns, int rows) {
    List<Tenant> all = new ArrayList<>();
    for (String state :
        List.of("CREATED", "COPYING", "STREAMING", "PAUSED", "STOPPED", "FAILED", "NEEDS_RESYNC", "FENCED", "CUTOVER", "MOVED",
            "PROMOTED", "SOMETHING_NEW")) {
      all.add(SampleFleet.tenant(state.toLowerCase(Locale.ROOT).replace('_', '-'), state, state.equals("STREAMING") ? 0.2 : null, 5));
    }
    all.add(SampleFleet.tenant("lagging", "STREAMING", 7.5, 5));
    all.add(SampleFleet.tenant("source-away", "STREAMING", null, 5));
    Model model = new Model("prod", false, Filter.NONE, Duration.ofSeconds(1), SampleFleet.NOW);
    model.resize(columns, rows);
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW, all)));
    golden("states", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void coloursOnlyRepeatWhatSignsAndWordsSay(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    DefaultVirtualTerminal colourful = GoldenScreen.terminal(model, FULL);
    GoldenScreen.assertGolden("styles-" + columns + "x" + rows, GoldenScreen.styles(colourful));
    DefaultVirtualTerminal plain = GoldenScreen.terminal(model, new Theme(false, true));
    assertThat(GoldenScreen.text(plain)).isEqualTo(GoldenScreen.text(colourful));
    assertThat(GoldenScreen.styles(plain)).doesNotContainPattern("[rRyYgGcCf]");
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aTerminalWithoutUtf8GetsAsciiOnly(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type("j");
    model.hear(new News.Piped(SampleFleet.pipeline("tenant-417")));
    model.hear(new News.Happened(new Event(20, SampleFleet.NOW, Event.Severity.INFO, "tenant-417", "lag → 3 s … “fine”, 東京 é", null, null)));
    String drawn = GoldenScreen.draw(model, new Theme(true, false));
    assertThat(drawn).matches("(?s)\\p{ASCII}*");
    GoldenScreen.assertGolden("ascii-" + columns + "x" + rows, drawn);
  }

  /** Names of tenants are ASCII; names of tables and messages may hold anything. */
  @Test
  void wideAndCombiningCharactersKeepTheColumnsStraight() {
    Model model = SampleFleet.model(120, 40, false);
    List<Tenant> tenants = new ArrayList<>(SampleFleet.tenants());
    tenants.set(0, SampleFleet.named(SampleFleet.failed(), "東京-本社-テナント-0000000001"));
    tenants.set(1, SampleFleet.named(SampleFleet.lagging(), "cafe\u0301-\u202Emixed\u0007-\uD83D\uDE00"));
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW, tenants)));
    model.hear(new News.Happened(new Event(21, SampleFleet.NOW, Event.Severity.WARN, null, "表 public.注文 hat e\u0301ine\tLücke \u001b[31m", null, null)));
    golden("wide", model);
  }

  @ParameterizedTest
  @ValueSource(strings = {"40x12", "60x16", "20x5", "200x60", "132x24", "10x2", "1x1"})
  void everySizeIsDrawn(String size) {
    int columns = Integer.parseInt(size.substring(0, size.indexOf('x')));
    int rows = Integer.parseInt(size.substring(size.indexOf('x') + 1));
    for (String keys : List.of("", "j\n", "2", "2\n", "3", "4", "5", "?", "jp", "/x", ":sort")) {
      Model model = SampleFleet.model(columns, rows, false);
      Typist.on(model).type(keys);
      GoldenScreen.draw(model, FULL);
    }
    golden("fleet", SampleFleet.model(columns, rows, false));
  }

  private static void golden(String name, Model model) {
    GoldenScreen.assertGolden(name + "-" + model.layout().columns() + "x" + model.layout().rows(), GoldenScreen.draw(model, FULL));
  }
}
