package io.helios.repl.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExplainTest {

  private static final Map<Character, String> CHAPTERS =
      Map.of(
          '1', "Configuration and usage",
          '2', "Source",
          '3', "Target and applying",
          '4', "Journal, sealing and keys",
          '5', "Tenants",
          '6', "Verification",
          '7', "Migration",
          '8', "Failover",
          '9', "The server itself");

  /** The page that the catalogue makes; ready to be copied when it has changed. */
  @Test
  void thePageOfErrorsIsWhatTheCatalogueSays() throws IOException {
    StringBuilder page =
        new StringBuilder(
            """
            # Error codes

            Every error has a code, a cause and a hint that can be run. `helios-repl explain HR-nnnn` tells what stands here, without
            a server; the numbers are stable for ever. This page is made from the catalogue in the code, and a test keeps it true.
            """);
    char chapter = 0;
    for (ErrorCode code : ExplainCommand.catalogue()) {
      char first = code.id().charAt(3);
      if (first != chapter) {
        chapter = first;
        page.append("\n## ").append(first).append("xxx: ").append(CHAPTERS.get(first)).append('\n');
      }
      page.append("\n### ").append(code.id()).append("\n\n**").append(code.title()).append(".** ");
      page.append(code.explanation()).append('\n');
    }
    Path made = Files.writeString(Path.of("target", "errors.md"), page);
    assertThat(Path.of("..", "docs", "errors.md"))
        .as("after a change of the catalogue: cp admin-cli/%s docs/errors.md", made)
        .content(UTF_8)
        .isEqualTo(page.toString());
  }

  @Test
  void everyCodeIsExplainedInSentences() {
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(code.id()).matches("HR-[1-9]\\d{3}");
      assertThat(code.title()).as(code.id()).isNotBlank().doesNotEndWith(".");
      assertThat(code.explanation()).as(code.id()).hasSizeGreaterThan(25).endsWith(".");
      Ran ran = Ran.command("explain", code.id());
      assertThat(ran.code()).isZero();
      assertThat(ran.out()).startsWith(code.id() + "  " + code.title() + "\n  ");
      assertThat(ran.out().lines()).allMatch(line -> line.length() <= 120);
    }
    assertThat(ErrorCode.values()).extracting(ErrorCode::id).doesNotHaveDuplicates();
  }

  @Test
  void aCodeIsTakenHoweverItIsWritten() {
    String said = Ran.command("explain", "HR-2103").out();
    assertThat(said).contains("wal_level is not logical");
    assertThat(Ran.command("explain", "2103").out()).isEqualTo(said);
    assertThat(Ran.command("explain", "hr-2103").out()).isEqualTo(said);
    assertThat(Ran.command("explain", "HR-2103", "-o", "json").out()).contains("\"kind\": \"ErrorCode\"", "\"code\": \"HR-2103\"");
  }

  @Test
  void allCodesAreListedWhenNoneIsGiven() {
    assertThat(Ran.command("explain").out().lines()).hasSize(ErrorCode.values().length + 1).first().asString().startsWith("CODE");
    assertThat(Ran.command("explain", "-o", "name").out().lines()).hasSize(ErrorCode.values().length).isSorted();
  }
}
