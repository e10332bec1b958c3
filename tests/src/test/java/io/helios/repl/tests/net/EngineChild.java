package io.helios.repl.tests.net;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helios.repl.tests.fixture.Database;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The benchmark's engine ({@code EngineProcess}) in a virtual machine of its own, with a heap as small as one likes. */
final class EngineChild implements AutoCloseable {

  private final Process process;
  private final PrintStream commands;
  private final BufferedReader replies;

  EngineChild(String heap, Path log) throws IOException {
    process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx" + heap,
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "io.helios.repl.tests.bench.EngineProcess",
            "helios_bench")
        .redirectError(log.toFile())
        .start();
    commands = new PrintStream(process.getOutputStream(), true, UTF_8);
    replies = process.inputReader(UTF_8);
  }

  /** Sets out with tenants 1 to {@code tenants} of table {@code item}. */
  void open(Database source, Database target, Path directory, int tenants) throws IOException {
    ask("open %d %s %d %s %s %d".formatted(
        source.server().port(), source.name(), target.server().port(), target.name(), directory, tenants));
  }

  /** A word or two for each tenant: its state, and the code of what is wrong with it. */
  String status() throws IOException {
    return ask("status");
  }

  String ask(String command) throws IOException {
    commands.println(command);
    String reply = replies.readLine();
    if (reply == null || !reply.startsWith("ok")) {
      throw new IOException("the engine's process answered \"" + command + "\" with " + reply);
    }
    return reply.substring(2).strip();
  }

  @Override
  public void close() throws IOException {
    commands.close();
    try {
      if (process.waitFor(20, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }
}
