package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressTest {

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Deque<Progress.Step> steps = new ArrayDeque<>();
  private long nanos = 5;

  private Shell shell(boolean terminal, Charset charset, Map<String, String> environment) {
    return new Shell(
        new PrintStream(new ByteArrayOutputStream(), true, charset),
        new PrintStream(err, true, charset),
        new BufferedReader(new StringReader("")),
        environment,
        terminal,
        false);
  }

  private Progress progress(Shell shell) {
    return new Progress(shell, steps::removeFirst, () -> nanos);
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void onATerminalItIsABarThatIsDrawnAgainInPlaceAndGoesAwayAlsoWithoutColours() {
    Progress progress = progress(shell(true, StandardCharsets.UTF_8, Map.of("TERM", "xterm", "NO_COLOR", "1")));
    steps.add(Progress.Step.of("acme: 1/4 tables", 1, 4));
    progress.show();
    assertThat(said()).isEqualTo("\r\u001b[K█████░░░░░░░░░░░░░░░ acme: 1/4 tables");
    err.reset();
    steps.add(Progress.Step.of("acme: lag 1s"));
    progress.show();
    progress.clear();
    assertThat(said()).as("no bar where nobody knows how much is left").isEqualTo("\r\u001b[Kacme: lag 1s\r\u001b[K");
  }

  @Test
  void withoutUtf8TheBarIsAscii() {
    Progress progress = progress(shell(true, StandardCharsets.US_ASCII, Map.of("TERM", "xterm")));
    steps.add(Progress.Step.of("acme", 1, 2));
    progress.show();
    assertThat(said()).isEqualTo("\r\u001b[K[##########----------] acme");
  }

  @Test
  void aLineThatIsTooLongForATerminalIsCut() {
    Progress progress = progress(shell(true, StandardCharsets.UTF_8, Map.of("TERM", "xterm")));
    steps.add(Progress.Step.of("x".repeat(200), 0, 2));
    progress.show();
    assertThat(said()).hasSize("\r\u001b[K".length() + 79);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "dumb"})
  void elsewhereItIsAPlainLineNowAndThenWhenItHasChanged(String terminal) {
    Shell shell = shell(!terminal.isEmpty(), StandardCharsets.UTF_8, terminal.isEmpty() ? Map.of("TERM", "xterm") : Map.of("TERM", terminal));
    Progress progress = progress(shell);
    progress.show();
    nanos += Duration.ofSeconds(14).toNanos();
    progress.show();
    assertThat(said()).as("what is over soon says nothing").isEmpty();
    steps.addAll(List.of(Progress.Step.of("acme: 1/4", 1, 4), Progress.Step.of("acme: 1/4", 1, 4), Progress.Step.of("acme: 2/4", 2, 4)));
    for (int i = 0; i < 3; i++) {
      nanos += Duration.ofSeconds(20).toNanos();
      progress.show();
    }
    progress.clear();
    assertThat(said()).isEqualTo("acme: 1/4" + System.lineSeparator() + "acme: 2/4" + System.lineSeparator());
  }

  @Test
  void whatCannotBeAskedIsNotShown() {
    Progress progress =
        new Progress(
            shell(true, StandardCharsets.UTF_8, Map.of("TERM", "xterm")),
            () -> {
              throw new FailedException(9, new Failure("HR-1203", "gone", "", ""));
            },
            () -> nanos);
    progress.show();
    assertThat(said()).isEmpty();
  }

  @Test
  void aBarIsNeverLongerThanItsRoom() {
    for (double done : new double[] {0, 0.049, 0.5, 0.999, 1}) {
      assertThat(Progress.bar(done, true)).hasSize(20);
      assertThat(Progress.bar(done, false)).hasSize(22);
    }
    assertThat(Progress.Step.of("", 7, 5).done()).isEqualTo(1.0);
    assertThat(Progress.Step.of("", 0, 0).done()).isNaN();
  }
}
