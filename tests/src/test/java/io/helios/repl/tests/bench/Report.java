package io.helios.repl.tests.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code docs/benchmarks.md}: replaces what stands between a section's two marks, and nothing else. */
final class Report {

  private final Path file;

  Report(Path file) {
    this.file = file;
  }

  void section(String name, String markdown) throws IOException {
    String text = Files.readString(file, UTF_8);
    Pattern section = Pattern.compile("(<!-- %1$s: made by the benchmark -->\\n).*?(<!-- end of %1$s -->)".formatted(name), Pattern.DOTALL);
    Matcher matcher = section.matcher(text);
    if (!matcher.find()) {
      throw new IllegalStateException("no section " + name + " in " + file);
    }
    Files.writeString(file, text.substring(0, matcher.end(1)) + "\n" + markdown + "\n" + text.substring(matcher.start(2)), UTF_8);
  }
}
