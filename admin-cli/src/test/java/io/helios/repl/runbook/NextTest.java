package io.helios.repl.runbook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Where a run goes on, whatever its journal ends with. */
class NextTest {

  private static final Plan PLAN =
      Plan.of(
          Objects.requireNonNull(
              RunbookReader.read(
                      """
                      apiVersion: helios-repl/v1
                      kind: Runbook
                      name: trial
                      description: a trial
                      steps:
                        - { name: look, command: [version] }
                        - { name: tell, hook: { run: [tell] }, timeout: 1m }
                        - { name: tell-again, hook: { run: [tell], idempotent: true }, timeout: 1m }
                        - { name: change, command: [version], on-failure: { retry: { times: 1 }, run: [undo, untell] } }
                        - { name: ask, approval: may I }
                        - { name: last, command: [version], on-failure: continue }
                      recovery:
                        - { name: undo, command: [version] }
                        - { name: untell, hook: { run: [untell] }, timeout: 1m }
                      """)
                  .runbook()),
          Map.of());

  private final List<Entry> entries = new ArrayList<>();

  private NextTest line(int position, String step, int attempt, StepState state) {
    PlannedStep planned = PLAN.steps().get(position);
    boolean recovery = !planned.name().equals(step);
    entries.add(new Entry(entries.size() + 1, position, step, planned.action().kind(), recovery, attempt, state, null, "", ""));
    return this;
  }

  private Next after(RunState state) {
    return Next.of(PLAN, entries, state);
  }

  @Test
  void withNothingWrittenItBegins() {
    assertThat(after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(0));
  }

  @Test
  void behindAStepThatIsDoneComesTheNext() {
    assertThat(line(0, "look", 1, StepState.DONE).after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(1));
  }

  @Test
  void aCommandThatWasBrokenOffIsRunAgain() {
    assertThat(line(0, "look", 1, StepState.RUNNING).after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(0));
    assertThat(line(0, "look", 1, StepState.INTERRUPTED).after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(0));
  }

  @Test
  void ofAHookThatWasBrokenOffNobodyKnowsUnlessItIsIdempotent() {
    assertThat(line(1, "tell", 1, StepState.RUNNING).after(RunState.INTERRUPTED)).isInstanceOf(Next.Unknown.class);
    assertThat(Next.again(PLAN, entries.getLast())).isEqualTo(new Next.Begin(1));
    assertThat(line(2, "tell-again", 1, StepState.RUNNING).after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(2));
  }

  @Test
  void aHookThatFailedHasSaidSo() {
    assertThat(line(1, "tell", 1, StepState.FAILED).after(RunState.FAILED)).isEqualTo(new Next.Begin(1));
  }

  @Test
  void aStepThatWasToBeTriedAgainIs() {
    assertThat(line(3, "change", 1, StepState.FAILED).after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(3));
  }

  @Test
  void whatWasToBeUndoneIsUndoneFirst() {
    assertThat(line(3, "change", 2, StepState.FAILED).after(RunState.INTERRUPTED)).isEqualTo(new Next.Undo(3, 0));
    assertThat(line(3, "undo", 1, StepState.RUNNING).after(RunState.INTERRUPTED)).isEqualTo(new Next.Undo(3, 0));
    assertThat(line(3, "undo", 1, StepState.FAILED).after(RunState.INTERRUPTED)).isEqualTo(new Next.Undo(3, 1));
    assertThat(line(3, "untell", 1, StepState.RUNNING).after(RunState.INTERRUPTED)).isInstanceOf(Next.Unknown.class);
    assertThat(Next.again(PLAN, entries.getLast())).isEqualTo(new Next.Undo(3, 1));
    assertThat(line(3, "untell", 1, StepState.DONE).after(RunState.INTERRUPTED)).as("undone").isEqualTo(new Next.Begin(3));
  }

  @Test
  void onceItIsUndoneAndTheRunHasStoppedTheStepBeginsAnew() {
    line(3, "change", 2, StepState.FAILED).line(3, "undo", 1, StepState.DONE).line(3, "untell", 1, StepState.DONE);
    assertThat(after(RunState.FAILED)).isEqualTo(new Next.Begin(3));
  }

  @Test
  void aStepThatHadFailedJustBeforeTheRunnerDiedBeginsAnewWhereNothingUndoesIt() {
    assertThat(line(0, "look", 1, StepState.FAILED).after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(0));
  }

  @Test
  void anApprovalThatNobodyGaveIsAskedForAgain() {
    assertThat(line(4, "ask", 1, StepState.WAITING).after(RunState.WAITING)).isEqualTo(new Next.Begin(4));
  }

  @Test
  void behindTheLastStepThereIsNothingLeft() {
    assertThat(line(5, "last", 1, StepState.DONE).after(RunState.INTERRUPTED)).isEqualTo(new Next.Begin(6));
    assertThat(line(5, "last", 1, StepState.FAILED).after(RunState.INTERRUPTED)).as("it goes on all the same").isEqualTo(new Next.Begin(6));
  }
}
