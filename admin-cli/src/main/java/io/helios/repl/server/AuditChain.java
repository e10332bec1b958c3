package io.helios.repl.server;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Walks the audit log from its first line on and finds the first that does not fit: changed, removed, put in, or out of order. A
 * log whose end was cut off, or that was written anew as a whole, is whole in itself: only a head that was noted down elsewhere
 * shows that. One thread.
 */
final class AuditChain {

  private final @Nullable String noted;
  private long lines;
  private String head = AuditEntry.NOTHING;
  private boolean seen;
  private @Nullable Long brokenAt;
  private @Nullable String broken;

  /** @param noted a head from an earlier time that has to be in it; null for none */
  AuditChain(@Nullable String noted) {
    this.noted = noted;
    this.seen = noted == null || noted.equals(AuditEntry.NOTHING);
  }

  void next(AuditEntry entry) {
    if (broken != null) {
      return;
    }
    if (entry.seq() != lines + 1) {
      fail(lines + 1, "the line is missing: line " + entry.seq() + " follows line " + lines);
    } else if (!entry.previous().equals(head)) {
      fail(entry.seq(), "the line does not refer to the line before it, which was changed or put in");
    } else if (!entry.computedHash().equals(entry.hash())) {
      fail(entry.seq(), "the line was changed: its hash is not that of what it says");
    } else {
      lines++;
      head = entry.hash();
      seen |= head.equals(noted);
    }
  }

  private void fail(long seq, String why) {
    brokenAt = seq;
    broken = why;
  }

  ObjectNode document() {
    if (broken == null && !seen) {
      brokenAt = lines + 1;
      broken = "the head that was noted is not in the log: its end was cut off, or it was written anew";
    }
    ObjectNode node = Json.document("AuditCheck").put("ok", broken == null).put("entries", lines).put("head", head);
    if (broken == null) {
      node.putNull("broken");
    } else {
      node.putObject("broken").put("id", brokenAt).put("reason", broken);
    }
    return node;
  }
}
