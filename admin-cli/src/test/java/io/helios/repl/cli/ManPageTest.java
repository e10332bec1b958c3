package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ManPageTest {

  private static final Path FOLDER = Path.of("target", "man", "man1");

  @Test
  void everyCommandHasAPageThatNamesItsOptionsAndAnExample() throws IOException {
    assertThat(Ran.command("man-pages", FOLDER.toString()).code()).isZero();
    List<String> commands = WrongUseTest.commands().filter(c -> !c.endsWith("man-pages")).toList();
    try (Stream<Path> pages = Files.list(FOLDER)) {
      assertThat(pages.map(p -> p.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(commands.stream().map(c -> c.replace(' ', '-') + ".1").toList());
    }
    for (String command : commands) {
      String page = Files.readString(FOLDER.resolve(command.replace(' ', '-') + ".1"));
      assertThat(page)
          .as(command)
          .startsWith(".TH ")
          .contains(".SH NAME\n" + command.replace(' ', '-') + " \\- ", ".SH SYNOPSIS", ".SH EXAMPLES", ".SH EXIT STATUS")
          .contains("\\-\\-help")
          .doesNotContain("${", "\u001b");
      assertThat(page.lines()).allMatch(line -> !line.startsWith(".") || line.matches("\\.(TH|SH|TP|B|nf|fi|nh|ad l|sp)( .*)?"));
    }
    assertThat(Files.readString(FOLDER.resolve("helios-repl-tenant-start.1")))
        .contains(".B \\-\\-timeout DURATION", "helios\\-repl tenant start tenant\\-123", "helios\\-repl\\-tenant(1)");
  }

  @Test
  void whereTheyCannotBeWrittenIsTold() throws IOException {
    Path file = Files.writeString(Files.createDirectories(FOLDER).resolveSibling("file"), "");
    Ran ran = Ran.command("man-pages", file.toString());
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("cannot be written to " + file, "hint:");
  }
}
