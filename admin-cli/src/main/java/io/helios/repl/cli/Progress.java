package io.helios.repl.cli;

import io.helios.repl.client.FailedException;
import io.helios.repl.client.HeliosClient;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/** One line on a terminal's message stream that tells how something is coming along. One thread. */
final class Progress {

  private final Shell shell;
  private final Supplier<String> line;
  private boolean drawn;

  /** @param line asks for it as it is now; may end in a {@link FailedException} */
  Progress(Shell shell, Supplier<String> line) {
    this.shell = shell;
    this.line = line;
  }

  /** A tenant's state and lag, or how far its copy is. */
  static String ofTenant(HeliosClient client, String tenant) {
    JsonNode status = client.get("/tenants/" + tenant + "/status");
    JsonNode copy = status.path("copy");
    String detail =
        status.path("state").asString("").equals("COPYING")
            ? copy.path("done").asInt(0)
                + "/"
                + copy.path("tables").asInt(0)
                + " tables, "
                + Texts.count(copy.path("rows"))
                + " rows, "
                + Texts.bytes(copy.path("bytes"))
            : "lag " + Texts.seconds(status.path("lagSeconds"));
    return tenant + ": " + Texts.text(status.path("state")) + ", " + detail;
  }

  /** Only where somebody looks. */
  boolean shows() {
    return shell.color() && shell.interactive();
  }

  void show() {
    if (!shows()) {
      return;
    }
    try {
      shell.err().print("\r\u001b[K" + line.get());
      shell.err().flush();
      drawn = true;
    } catch (FailedException e) {
      clear();
    }
  }

  void clear() {
    if (drawn) {
      shell.err().print("\r\u001b[K");
      shell.err().flush();
      drawn = false;
    }
  }
}
