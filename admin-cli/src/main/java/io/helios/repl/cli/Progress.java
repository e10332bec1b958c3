package io.helios.repl.cli;

import io.helios.repl.client.FailedException;
import io.helios.repl.client.HeliosClient;
import tools.jackson.databind.JsonNode;

/** One line on a terminal's message stream that tells how a tenant is coming along. One thread. */
final class Progress {

  private final Shell shell;
  private final HeliosClient client;
  private final String tenant;
  private boolean drawn;

  Progress(Shell shell, HeliosClient client, String tenant) {
    this.shell = shell;
    this.client = client;
    this.tenant = tenant;
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
      shell.err().print("\r\u001b[K" + tenant + ": " + Texts.text(status.path("state")) + ", " + detail);
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
