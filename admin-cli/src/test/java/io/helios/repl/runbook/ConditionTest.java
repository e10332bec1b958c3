package io.helios.repl.runbook;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What waits and checks compare, and what is put into steps and kept of them. */
class ConditionTest {

  private static final JsonNode STATUS =
      JsonMapper.builder().build().readTree("{\"state\": \"STREAMING\", \"lag\": 0.50, \"n\": 7, \"error\": null, \"ok\": true, \"a\": [1]}");

  @ParameterizedTest
  @CsvSource({
    "/state, EQUALS, STREAMING, true",
    "/state, EQUALS, streaming, false",
    "/state, NOT_EQUALS, MOVED, true",
    "/nothing, NOT_EQUALS, MOVED, false",
    "/lag, EQUALS, 0.5, true",
    "/lag, BELOW, 0.5, false",
    "/lag, BELOW, 0.51, true",
    "/lag, ABOVE, 0.49, true",
    "/n, ABOVE, 7, false",
    "/state, BELOW, 1, false",
    "/error, EXISTS, false, true",
    "/state, EXISTS, true, true",
    "/a/0, EXISTS, true, true",
    "/a/1, EXISTS, false, true",
    "/ok, EQUALS, true, true",
    "/error, BELOW, 1, false"
  })
  void aValueIsComparedAsNumberWhereBothAreAndAsTextElse(String pointer, Condition.Test test, String value, boolean holds) {
    assertThat(new Condition.Json(pointer, test, List.of(value)).holds(0, STATUS)).isEqualTo(holds);
  }

  @Test
  void oneOfSeveralIsEnoughAndWhatIsNoJsonShowsNothing() {
    Condition in = new Condition.Json("/state", Condition.Test.IN, List.of("PAUSED", "STREAMING"));
    assertThat(in.holds(0, STATUS)).isTrue();
    assertThat(in.holds(0, null)).isFalse();
    assertThat(new Condition.Exit(List.of(0, 7)).holds(7, null)).isTrue();
  }

  @Test
  void aConditionOfJsonAsksForSuccessUnlessAnExitCodeIsNamed() {
    Condition json = new Condition.Json("/equal", Condition.Test.EQUALS, List.of("false"));
    Commands.Ran ran = new Commands.Ran(7, "{\"equal\": false}");
    assertThat(StepRunner.unmet(List.of(json), ran)).isEqualTo("exit code 0 but 7");
    assertThat(StepRunner.unmet(List.of(json, new Condition.Exit(List.of(7))), ran)).isEmpty();
  }

  @Test
  void whatIsPutInStaysInItsArgumentAndIsNotReadAgain() {
    assertThat(Placeholders.fill("{a} {{a}} {\"a\":{\"b\":1}} ${x", Map.of("a", "{b} $1 \\ '"))).isEqualTo("{b} $1 \\ ' {a} {\"a\":{\"b\":1}} ${x");
    assertThat(Placeholders.in("{a-b}{{c}}{D}{e}")).containsExactly("a-b", "e");
  }

  @Test
  void theEndOfALongOutputIsKeptInWholeLinesAndWithoutControlCharacters() {
    Tail tail = new Tail();
    for (int i = 0; i < 1_000; i++) {
      tail.accept("\u001b[31mline\u001b[0m " + i + "\u0007");
    }
    assertThat(tail.text()).endsWith("line 998\nline 999").startsWith("line ").hasSizeLessThanOrEqualTo(Tail.MOST);
    Tail one = new Tail();
    one.accept("x".repeat(10_000));
    assertThat(one.text()).hasSize(501);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          Authorization: Bearer abc.def    | Authorization: Bearer ***
          postgresql://u:p%40ss@db/x       | postgresql://u:***@db/x
          PGPASSWORD=hunter2 psql          | PGPASSWORD=*** psql
          {"token": "abc def", "a": 1}     | {"token": ***, "a": 1}
          --password-file=/etc/pw          | --password-file=/etc/pw
          tenant acme is STREAMING         | tenant acme is STREAMING
          """)
  void whatLooksLikeASecretIsNotKept(String line, String kept) {
    assertThat(Tail.clean(line)).isEqualTo(kept);
  }
}
