package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompletionTest {

  @TempDir Path directory;

  /** What bash offers for the last of the words, by the script itself. */
  private List<String> offered(String... words) throws IOException, InterruptedException {
    Path script = Files.writeString(directory.resolve("completion"), Ran.command("completion", "bash").out());
    String line =
        "compopt() { :; }; source '%s'; COMP_WORDS=(helios-repl %s); COMP_CWORD=%d; _complete_helios-repl; printf '%%s\\n' \"${COMPREPLY[@]}\""
            .formatted(script, String.join(" ", words), words.length);
    Process bash =
        new ProcessBuilder("bash", "--norc", "-c", line).redirectErrorStream(true).start();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return said.lines().map(String::strip).toList();
  }

  @Test
  void bashCompletesCommandsTheirVerbsAndTheirOptions() throws IOException, InterruptedException {
    assertThat(offered("ten")).containsExactly("tenant");
    assertThat(offered("tenant", "st")).containsExactlyInAnyOrder("start", "stop", "status");
    assertThat(offered("tenant", "start", "--wa")).containsExactly("--wait");
    assertThat(offered("tenant", "list", "-o", "js")).containsExactlyInAnyOrder("json", "jsonl");
  }

  @Test
  void forZshItIsTheSameScriptWithWhatMakesItRunThere() {
    Ran zsh = Ran.command("completion", "zsh");
    assertThat(zsh.out())
        .startsWith("#compdef helios-repl\n")
        .contains("bashcompinit", Ran.command("completion", "bash").out(), "if [ \"${funcstack[1]}\" = _helios-repl ]");
  }

  @Test
  void otherShellsHaveNone() {
    Ran fish = Ran.command("completion", "fish");
    assertThat(fish.code()).isEqualTo(2);
    assertThat(fish.err()).contains("there is no completion for \"fish\"", "hint: helios-repl completion bash");
  }
}
