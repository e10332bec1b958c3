package io.helios.repl.tui;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.terminal.virtual.DefaultVirtualTerminal;
import io.helios.repl.tui.fleet.Fault;
import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Phase;
import io.helios.repl.tui.model.Action;
import io.helios.repl.tui.model.Filter;
import io.helios.repl.tui.model.Model;
import io.helios.repl.tui.model.News;
import io.helios.repl.tui.screen.Theme;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tab of migrations, cell by cell. */
class MigrationScreensTest {

  private static final Theme FULL = new Theme(true, true);

  /** With what the chosen migration's history is, and how its gates stand. */
  private static Model model(int columns, int rows, String keys) {
    Model model = SampleFleet.model(columns, rows, false);
    Typist.on(model).type(keys);
    return told(model);
  }

  private static Model told(Model model) {
    Migration chosen = Objects.requireNonNull(model.selectedMove());
    model.hear(new News.Recounted(SampleMoves.passages(chosen)));
    if (List.of("READY", "SWITCHED").contains(chosen.state())) {
      model.hear(new News.Looked(chosen.tenant().equals("tenant-417") ? SampleMoves.gates(chosen) : SampleMoves.allOpen(chosen)));
    }
    return model;
  }

  private static void golden(String name, Model model) {
    String size = "-" + model.layout().columns() + "x" + model.layout().rows();
    GoldenScreen.assertGolden("migrations-" + name + size, GoldenScreen.draw(model, FULL));
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void whatNeedsSomebodyIsFirstAndWhatHasEndedLast(int columns, int rows) {
    golden("first", model(columns, rows, "2"));
    golden("last", model(columns, rows, "2G"));
  }

  /** The chosen one below the list, and on a whole screen. */
  @ParameterizedTest
  @CsvSource({
    "unanswered, 109", "failed, 009", "undone, 112", "retrying, 115", "not-back, 121", "switched, 118", "ready, 417", "copying, 555",
    "cutting, 702", "planned, 127", "rolled-back, 133", "unreached, 103"
  })
  void eachPhaseTellsHowItStandsAndWhatComesNext(String name, String tenant) {
    for (int[] size : new int[][] {{80, 24}, {120, 40}}) {
      golden(name, model(size[0], size[1], "2/-" + tenant + "\n"));
      golden(name + "-open", model(size[0], size[1], "2/-" + tenant + "\n\n"));
    }
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void anEmptyListSaysWhatToType(int columns, int rows) {
    Model model = new Model("prod", false, Filter.NONE, Duration.ofSeconds(1), SampleFleet.NOW);
    model.resize(columns, rows);
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW, SampleFleet.tenants())));
    Typist.on(model).type("2");
    golden("empty", model);
    Model none = SampleFleet.model(columns, rows, true);
    Typist.on(none).type("2/nobody\n");
    golden("no-fit", none);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void gatesThatCannotBeSeenSayWhy(int columns, int rows) {
    Model model = model(columns, rows, "2/-417\n\n");
    model.hear(
        new News.Looked(
            new Gates(
                "id-tenant-417", SampleFleet.NOW.minusSeconds(70), List.of(),
                Fault.of("HR-2001", "target shop-eu cannot be reached", "connection refused", "helios-repl target check shop-eu"))));
    golden("unseen-open", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aPauseThatIsLikelyToBeTooLongIsToldBeforeAnybodyWaits(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    Migration slow = SampleMoves.with(SampleMoves.ready(), null, 0, new Migration.Terms(15, 0, null, false, null), null);
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW, SampleFleet.tenants(), List.of(slow))));
    Typist.on(model).type("2");
    DefaultVirtualTerminal terminal = GoldenScreen.terminal(model, FULL);
    assertThat(GoldenScreen.text(terminal)).contains("c = cutover; more pause is predicted than allowed");
    assertThat(GoldenScreen.styles(terminal)).contains("YYYY");
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aServerThatIsGoneLeavesTheMigrationsWithTheirAge(int columns, int rows) {
    Model model = model(columns, rows, "2");
    model.hear(new News.Lost("nothing listens there"));
    model.tick(SampleFleet.NOW.plusSeconds(12));
    golden("gone", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aCutoverShowsItsPlanAndWantsTheNameTyped(int columns, int rows) {
    Model model = model(columns, rows, "2/-417\nc");
    model.hear(
        new News.Planned(
            Action.CUTOVER,
            List.of(
                new News.TenantPlan(
                    "tenant-417",
                    List.of(
                        "hold the clients of tenant-417 back, and close it at shop for its next epoch",
                        "wait until shop-eu has applied the last write, for 100 ms in all at the most; else undo it",
                        "send the clients to shop-eu; shop follows it, read-only")))));
    Typist.on(model).type("tenant-4");
    golden("cutover", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void manyAreScrolledAndLongOrWideNamesKeepTheColumnsStraight(int columns, int rows) {
    Model model = SampleFleet.model(columns, rows, false);
    List<Migration> many = new ArrayList<>(SampleMoves.many(5_000));
    many.add(SampleMoves.move("東京-本社-テナント-0000000001-with-a-name-of-some-length", "FAILED", 3));
    model.hear(new News.Told(SampleFleet.update(SampleFleet.NOW, SampleFleet.tenants(), many)));
    Typist.on(model).type("2");
    golden("wide", model);
    Typist.on(model).type("j".repeat(2_000));
    golden("many", model);
  }

  @ParameterizedTest
  @CsvSource({"80, 24", "120, 40"})
  void aTerminalWithoutUtf8GetsAsciiOnlyAndColoursOnlyRepeatWhatIsSaid(int columns, int rows) {
    for (String keys : List.of("2", "2/-133\n\n", "2/-555\n")) {
      Model model = model(columns, rows, keys);
      assertThat(GoldenScreen.draw(model, new Theme(true, false))).matches("(?s)\\p{ASCII}*").doesNotContain("?sho", "euc1?");
      DefaultVirtualTerminal plain = GoldenScreen.terminal(model, new Theme(false, true));
      assertThat(GoldenScreen.text(plain)).isEqualTo(GoldenScreen.draw(model, FULL));
      assertThat(GoldenScreen.styles(plain)).doesNotContainPattern("[rRyYgGcCf]");
    }
    Model model = model(columns, rows, "2");
    GoldenScreen.assertGolden(
        "migrations-styles-" + columns + "x" + rows, GoldenScreen.styles(GoldenScreen.terminal(model, FULL)));
    GoldenScreen.assertGolden(
        "migrations-ascii-" + columns + "x" + rows,
        GoldenScreen.draw(model(columns, rows, "2/-133\n\n"), new Theme(true, false)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"40x12", "60x16", "20x5", "200x60", "132x24", "100x32", "80x18", "10x2", "1x1"})
  void everySizeIsDrawn(String size) {
    int columns = Integer.parseInt(size.substring(0, size.indexOf('x')));
    int rows = Integer.parseInt(size.substring(size.indexOf('x') + 1));
    for (String keys : List.of("2", "2\n", "2G", "2/x", "2/zzz\n", "2jjc")) {
      GoldenScreen.draw(SampleFleet.model(columns, rows, false), FULL);
      Model model = SampleFleet.model(columns, rows, false);
      Typist.on(model).type(keys);
      GoldenScreen.draw(model, FULL);
    }
    golden("size", model(columns, rows, "2/-112\n"));
  }

  /** No phase is without its sign, and none of those that need somebody looks like one that does not. */
  @Test
  void everyPhaseIsInTheSample() {
    assertThat(Stream.concat(SampleMoves.all().stream(), SampleMoves.failbacks().stream()))
        .extracting(Phase::of)
        .containsOnlyOnceElementsOf(List.of(Phase.UNANSWERED, Phase.FAILED, Phase.UNDONE))
        .contains(Phase.values());
  }
}
