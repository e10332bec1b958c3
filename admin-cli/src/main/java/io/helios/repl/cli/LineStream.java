package io.helios.repl.cli;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Takes what a command prints apart into lines, and keeps all of it up to a limit. One thread writes. */
final class LineStream extends OutputStream {

  private static final int LONGEST_LINE = 64 << 10;

  private final Consumer<String> lines;
  private final int most;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final ByteArrayOutputStream all = new ByteArrayOutputStream();

  /** @param most how many bytes are kept */
  LineStream(Consumer<String> lines, int most) {
    this.lines = lines;
    this.most = most;
  }

  @Override
  public void write(int octet) {
    if (all.size() < most) {
      all.write(octet);
    }
    if (octet == '\n') {
      end();
    } else if (line.size() < LONGEST_LINE) {
      line.write(octet);
    }
  }

  /** The last line may have no end. */
  void end() {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    if (!text.isBlank()) {
      lines.accept(text.stripTrailing());
    }
  }

  String text() {
    return all.toString(StandardCharsets.UTF_8);
  }
}
