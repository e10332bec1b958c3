package io.helios.repl.pipeline;

import io.helios.repl.change.Change;
import io.helios.repl.change.ChangeReader;
import io.helios.repl.change.FrameEntry;
import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Identifiers;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.seal.FrameOpener;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant's journal holds behind a position, counted, with the keys of its rows: transactions that its old home had committed
 * and its replica never got. Keys are kept up to a bound, all else is counted; what is left out is said. One thread.
 */
final class LateChanges {

  /** So many keys at the most, and so many characters of them: this is held in memory, and people are to read it. */
  private static final int MOST_KEYS = 100_000;

  private static final int MOST_CHARACTERS = 16 << 20;

  private static final int FETCHED_BYTES = 4 << 20;

  /** One table's. */
  private static final class Tally {
    private long inserts;
    private long updates;
    private long deletes;
    private long truncates;
    private long keys;
    private final StringBuilder rows = new StringBuilder();

    private SuccessionAccount.Table counts(String table) {
      return new SuccessionAccount.Table(table, inserts, updates, deletes, truncates, keys);
    }
  }

  private final Lsn after;
  private final Map<String, Lsn> copiedAt;
  private final Map<String, Tally> tables = new TreeMap<>();
  private long transactions;
  private long firstMicros;
  private long lastMicros;
  private int keys;
  private int characters;
  private long leftOut;
  private @Nullable String missing;
  private FrameEntry.@Nullable Begin open;
  private boolean counted;

  private LateChanges(Lsn after, Map<String, Lsn> copiedAt) {
    this.after = after;
    this.copiedAt = copiedAt;
  }

  /**
   * Reads it.
   *
   * @param after transactions up to this one are at the replica
   * @param copiedAt by table, quoted, as the replica has it: of transactions before this point the table's changes came with its copy
   * @param epoch of the frames that are meant
   */
  static LateChanges read(
      FrameSource journal, UUID tenant, long epoch, Lsn after, Map<String, Lsn> copiedAt, FrameOpener opener) {
    LateChanges late = new LateChanges(after, copiedAt);
    try {
      long from = 0;
      List<Frame> frames = journal.fetch(tenant, after.value(), from, FETCHED_BYTES);
      while (!frames.isEmpty()) {
        for (Frame frame : frames) {
          if (frame.header().epoch() == epoch) {
            late.add(opener.open(frame));
          } else {
            late.miss("a frame of another epoch is among those of the old home");
          }
        }
        from = frames.getLast().header().sequence() + 1;
        frames = journal.fetch(tenant, after.value(), from, FETCHED_BYTES);
      }
    } catch (OperatorException | CorruptionException e) {
      Problem problem = e.problem();
      late.miss(problem.code().id() + ": " + problem.message() + ": " + problem.why());
    }
    return late;
  }

  /** There may be more than was found. The first reason stays. */
  void miss(String why) {
    if (missing == null) {
      missing = why;
    }
  }

  private void add(byte[] payload) {
    ChangeReader reader = new ChangeReader(payload, 0, payload.length);
    for (FrameEntry entry = reader.next(); entry != null; entry = reader.next()) {
      switch (entry) {
        case FrameEntry.Begin begin -> {
          counted = begin.continued() && counted;
          open = begin;
        }
        case Change change -> {
          FrameEntry.Begin transaction = open;
          if (transaction != null && transaction.commitLsn().isAfter(after) && !isCopied(transaction, change.relation())) {
            count(transaction);
            add(transaction, change);
          }
        }
        case FrameEntry.Marker _ -> {} // the fence, or the try of a cutover
        case FrameEntry.End _ -> open = null;
      }
    }
  }

  private boolean isCopied(FrameEntry.Begin transaction, Relation relation) {
    Lsn point = copiedAt.get(Identifiers.quote(relation.schema(), relation.name()));
    return point != null && transaction.commitLsn().isBefore(point);
  }

  private void count(FrameEntry.Begin transaction) {
    if (!counted) {
      counted = true;
      firstMicros = transactions == 0 ? transaction.commitTimeMicros() : Math.min(firstMicros, transaction.commitTimeMicros());
      lastMicros = transactions == 0 ? transaction.commitTimeMicros() : Math.max(lastMicros, transaction.commitTimeMicros());
      transactions++;
    }
  }

  private void add(FrameEntry.Begin transaction, Change change) {
    Relation relation = change.relation();
    Tally tally = tables.computeIfAbsent(relation.qualifiedName(), _ -> new Tally());
    switch (change) {
      case Change.Insert insert -> {
        tally.inserts++;
        key(tally, transaction, "insert", relation, insert.row(), null);
      }
      case Change.Update update -> {
        tally.updates++;
        key(tally, transaction, "update", relation, update.row(), update.old());
      }
      case Change.Upsert upsert -> {
        tally.updates++;
        key(tally, transaction, "upsert", relation, upsert.row(), null);
      }
      case Change.Delete delete -> {
        tally.deletes++;
        key(tally, transaction, "delete", relation, delete.old(), null);
      }
      case Change.Truncate _ -> tally.truncates++;
    }
  }

  private void key(
      Tally tally, FrameEntry.Begin transaction, String operation, Relation relation, Tuple row, @Nullable Tuple old) {
    if (keys >= MOST_KEYS || characters >= MOST_CHARACTERS) {
      leftOut++;
      return;
    }
    String key = KeyText.key(relation, row);
    String before = old == null ? key : KeyText.key(relation, old);
    String line =
        "{\"key\": %s, %s\"operation\": \"%s\", \"committedAt\": \"%s\", \"lsn\": \"%s\"}".formatted(
            key,
            before.equals(key) ? "" : "\"oldKey\": " + before + ", ",
            operation,
            KeyText.instant(transaction.commitTimeMicros()),
            transaction.commitLsn());
    tally.rows.append(tally.rows.isEmpty() ? "" : ",\n").append("        ").append(line);
    tally.keys++;
    keys++;
    characters += line.length();
  }

  /** The counts. */
  SuccessionAccount account() {
    return new SuccessionAccount(
        missing,
        transactions,
        transactions == 0 ? null : KeyText.instant(firstMicros),
        transactions == 0 ? null : KeyText.instant(lastMicros),
        tables.entrySet().stream().map(table -> table.getValue().counts(table.getKey())).toList());
  }

  /** All of it, as a JSON document of kind {@code FailoverAccount}. */
  byte[] document(String tenant, long epoch, Lsn fence) {
    SuccessionAccount account = account();
    StringBuilder json = new StringBuilder();
    json.append("{\n  \"apiVersion\": \"helios-repl/v1\",\n  \"kind\": \"FailoverAccount\",\n  \"tenant\": ").append(KeyText.string(tenant));
    json.append(",\n  \"epoch\": ").append(epoch);
    json.append(",\n  \"promotedLsn\": \"").append(after).append("\",\n  \"fencedLsn\": \"").append(fence).append('"');
    json.append(",\n  \"missing\": ").append(text(account.missing()));
    json.append(",\n  \"transactions\": ").append(account.transactions());
    json.append(",\n  \"first\": ").append(text(account.first())).append(",\n  \"last\": ").append(text(account.last()));
    json.append(",\n  \"keysLeftOut\": ").append(leftOut).append(",\n  \"tables\": [");
    String between = "\n";
    for (SuccessionAccount.Table t : account.tables()) {
      Tally tally = tables.get(t.table());
      json.append(between).append(
          "    {\"table\": %s, \"inserts\": %d, \"updates\": %d, \"deletes\": %d, \"truncates\": %d, \"keys\": [\n".formatted(
              KeyText.string(t.table()), t.inserts(), t.updates(), t.deletes(), t.truncates()));
      json.append(tally == null ? "" : tally.rows).append("]}");
      between = ",\n";
    }
    return json.append("]\n}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String text(@Nullable Object value) {
    return value == null ? "null" : KeyText.string(value.toString());
  }
}
