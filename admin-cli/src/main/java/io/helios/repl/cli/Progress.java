package io.helios.repl.cli;

import io.helios.repl.client.FailedException;
import io.helios.repl.client.HeliosClient;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/**
 * How something is coming along, on the message stream: on a terminal one line with a bar that is drawn again in place, elsewhere a
 * plain line now and then. One thread.
 */
final class Progress {

  /** Not more often than that where lines stay. */
  private static final Duration PLAIN_EVERY = Duration.ofSeconds(15);

  private static final int BAR = 20;

  /** A line that is as wide as a narrow terminal would wrap, and could not be drawn over. */
  private static final int WIDTH = 79;

  /** @param done how much of it, from 0 to 1; NaN where nobody knows */
  record Step(String text, double done) {

    static Step of(String text) {
      return new Step(text, Double.NaN);
    }

    /** NaN where there is nothing to do. */
    static Step of(String text, double done, double all) {
      return new Step(text, all > 0 ? Math.clamp(done / all, 0.0, 1.0) : Double.NaN);
    }
  }

  private final Shell shell;
  private final Supplier<Step> step;
  private final LongSupplier nanos;
  private long plainAtNanos;
  private String plain = "";
  private boolean drawn;

  /** @param step asks for it as it is now; may end in a {@link FailedException} */
  Progress(Shell shell, Supplier<Step> step, LongSupplier nanos) {
    this.shell = shell;
    this.step = step;
    this.nanos = nanos;
    this.plainAtNanos = nanos.getAsLong();
  }

  /** A tenant's state and lag, or how far its copy is. */
  static Step ofTenant(HeliosClient client, String tenant) {
    JsonNode status = client.get("/tenants/" + tenant + "/status");
    String state = tenant + ": " + Texts.text(status.path("state")) + ", ";
    if (!status.path("state").asString("").equals("COPYING")) {
      return Step.of(state + "lag " + Texts.seconds(status.path("lagSeconds")));
    }
    JsonNode copy = status.path("copy");
    int done = copy.path("done").asInt(0);
    int tables = copy.path("tables").asInt(0);
    return Step.of(
        state
            + done
            + "/"
            + tables
            + " tables, "
            + Texts.count(copy.path("rows"))
            + " rows, "
            + Texts.bytes(copy.path("bytes"))
            + (copy.has("throttled") ? ", throttled: " + Texts.text(copy.path("throttled")) : ""),
        done,
        tables);
  }

  void show() {
    boolean redraws = shell.redraws();
    if (!redraws && nanos.getAsLong() - plainAtNanos < PLAIN_EVERY.toNanos()) {
      return;
    }
    Step now;
    try {
      now = step.get();
    } catch (FailedException e) {
      clear();
      return;
    }
    if (redraws) {
      String line = (Double.isNaN(now.done()) ? "" : bar(now.done(), shell.unicode()) + " ") + now.text();
      shell.err().print("\r\u001b[K" + (line.length() > WIDTH ? line.substring(0, WIDTH) : line));
      shell.err().flush();
      drawn = true;
    } else if (!now.text().equals(plain)) {
      shell.say(now.text());
      plain = now.text();
      plainAtNanos = nanos.getAsLong();
    }
  }

  static String bar(double done, boolean unicode) {
    int full = (int) Math.floor(done * BAR);
    return unicode
        ? "\u2588".repeat(full) + "\u2591".repeat(BAR - full)
        : "[" + "#".repeat(full) + "-".repeat(BAR - full) + "]";
  }

  void clear() {
    if (drawn) {
      shell.err().print("\r\u001b[K");
      shell.err().flush();
      drawn = false;
    }
  }
}
