package io.helios.repl.server;

import io.helios.repl.server.AutoSettings.Line;
import io.helios.repl.server.AutoSettings.Scope;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** For whom the automatic failover is on, in the control store. Any thread; throws as {@link ControlStore} does. */
final class AutoStore {

  private final ControlStore store;

  AutoStore(ControlStore store) {
    this.store = store;
  }

  AutoSettings settings() {
    return new AutoSettings(
        store.transaction(
            handle ->
                handle
                    .createQuery(store.sql("SELECT * FROM {failover_auto} ORDER BY scope, subject"))
                    .map((row, context) -> line(row))
                    .list()));
  }

  /** On or off from now on, whatever pause there was; all or none. */
  void set(Scope scope, List<String> subjects, boolean automatic, String who, Instant now) {
    write(scope, subjects, "automatic = excluded.automatic, off_until_micros = NULL", automatic, null, who, now);
  }

  /** Off until then, and afterwards as before; all or none. */
  void pause(Scope scope, List<String> subjects, Instant until, String who, Instant now) {
    write(scope, subjects, "off_until_micros = excluded.off_until_micros", null, until, who, now);
  }

  private void write(
      Scope scope, List<String> subjects, String change, @Nullable Boolean automatic, @Nullable Instant until, String who, Instant now) {
    store.transaction(
        handle -> {
          for (String subject : subjects) {
            handle
                .createUpdate(
                    store.sql(
                        "INSERT INTO {failover_auto} (scope, subject, automatic, off_until_micros, who, at_micros) VALUES (?, ?, ?, ?, ?, ?)"
                            + " ON CONFLICT (scope, subject) DO UPDATE SET who = excluded.who, at_micros = excluded.at_micros, "
                            + change))
                .bind(0, scope.name())
                .bind(1, subject)
                .bindBySqlType(2, automatic == null ? null : automatic ? 1 : 0, Types.INTEGER)
                .bindBySqlType(3, until == null ? null : ControlStore.micros(until), Types.BIGINT)
                .bind(4, who)
                .bind(5, ControlStore.micros(now))
                .execute();
          }
          return subjects.size();
        });
  }

  private static Line line(ResultSet row) throws SQLException {
    int automatic = row.getInt("automatic");
    Boolean said = row.wasNull() ? null : automatic != 0;
    long until = row.getLong("off_until_micros");
    Instant offUntil = row.wasNull() ? null : ControlStore.instant(until);
    return new Line(
        Scope.valueOf(row.getString("scope")),
        row.getString("subject"),
        said,
        offUntil,
        row.getString("who"),
        ControlStore.instant(row.getLong("at_micros")));
  }
}
