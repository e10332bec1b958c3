package io.helios.repl.server;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What was answered to requests that came with an {@code Idempotency-Key}, in the control store: who loses an answer asks
 * again with the same key and gets it, and nothing is done twice. Only successes are kept: what was refused has changed nothing
 * and may be tried again. Any thread; throws as {@link ControlStore} does.
 */
final class IdempotencyKeys {

  static final Duration KEPT = Duration.ofHours(24);

  private static final int MOST = 10_000;
  private static final long MOST_CHARACTERS = 64L << 20;
  private static final int TIDY_EVERY = 100;

  /**
   * An answer.
   *
   * @param fingerprint of the request that it was given to
   */
  record Answer(String fingerprint, int status, String body) {}

  private final ControlStore store;
  private final AtomicInteger kept = new AtomicInteger();

  IdempotencyKeys(ControlStore store) {
    this.store = store;
  }

  Optional<Answer> find(String who, String key) {
    return store.transaction(
        handle ->
            handle
                .createQuery(
                    store.sql(
                        "SELECT fingerprint, status, answer FROM {idempotency} WHERE who = ? AND request_key = ? AND at_micros"
                            + " > ?"))
                .bind(0, who)
                .bind(1, key)
                .bind(2, ControlStore.micros(Instant.now().minus(KEPT)))
                .map((row, context) -> new Answer(row.getString(1), row.getInt(2), row.getString(3)))
                .findOne());
  }

  void keep(String who, String key, Answer answer) {
    store.transaction(
        handle -> {
          handle.execute(store.sql("DELETE FROM {idempotency} WHERE who = ? AND request_key = ?"), who, key);
          handle.execute(
              store.sql(
                  "INSERT INTO {idempotency} (who, request_key, fingerprint, status, answer, at_micros) VALUES (?, ?, ?, ?, ?, ?)"),
              who,
              key,
              answer.fingerprint(),
              answer.status(),
              answer.body(),
              ControlStore.micros(Instant.now()));
          return true;
        });
    if (kept.getAndIncrement() % TIDY_EVERY == 0) {
      tidy();
    }
  }

  /** Forgets what is old, and of the rest the oldest that are too many. */
  private void tidy() {
    store.transaction(
        handle -> {
          handle.execute(
              store.sql("DELETE FROM {idempotency} WHERE at_micros <= ?"), ControlStore.micros(Instant.now().minus(KEPT)));
          return handle.execute(
              store.sql(
                  """
                  DELETE FROM {idempotency} WHERE (who, request_key) IN (
                    SELECT who, request_key FROM (
                      SELECT who, request_key, row_number() OVER newest AS position, sum(length(answer)) OVER newest AS characters
                        FROM {idempotency} WINDOW newest AS (ORDER BY at_micros DESC, who, request_key)) AS ranked
                     WHERE position > ? OR characters > ?)\
                  """),
              MOST,
              MOST_CHARACTERS);
        });
  }
}
