package io.helios.repl.server;

import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.failover.SourceSight;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.status.EndpointStatus;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a source is alive: what the engine saw of it last, and a connection of our own when somebody asks. Hundreds of its
 * tenants may ask at once, so an answer counts for a moment. Any thread.
 */
final class SourceProbes implements SourceSight {

  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final Duration COUNTS_FOR = Duration.ofSeconds(1);
  private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final Executor ASKING = work -> Thread.ofVirtual().name("helios-probe").start(work);

  /** @param atNanos when it was asked */
  private record Answer(long atNanos, CompletableFuture<Optional<Problem>> trouble) {}

  private final ServerConfiguration configuration;
  private final Supplier<List<EndpointStatus>> engine;
  private final Map<String, Instant> lastAlive = new ConcurrentHashMap<>();
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private long lookedNanos = System.nanoTime() - LOOK_EVERY_NANOS;

  SourceProbes(ServerConfiguration configuration, Supplier<List<EndpointStatus>> engine) {
    this.configuration = configuration;
    this.engine = engine;
  }

  /** Notes which sources the engine hears of now. Blocks on nothing; one thread. */
  void look() {
    if (System.nanoTime() - lookedNanos >= LOOK_EVERY_NANOS) {
      lookedNanos = System.nanoTime();
      Instant now = Instant.now();
      engine.get().stream()
          .filter(s -> s.reachable() && s.position() != null)
          .forEach(s -> lastAlive.put(s.name(), now));
    }
  }

  @Override
  public Sighting of(String source) {
    ConnectionSettings settings =
        configuration.source(source).map(SourceSettings::connection)
            .or(() -> configuration.target(source).map(TargetSettings::connection))
            .orElse(null);
    Problem trouble = settings == null ? fromTheEngine(source) : asked(source, settings);
    if (trouble == null) {
      lastAlive.put(source, Instant.now());
    }
    return new Sighting(trouble == null, lastAlive.get(source), trouble);
  }

  /** Another region's: only its stream tells. */
  private @Nullable Problem fromTheEngine(String source) {
    return engine.get().stream().filter(s -> s.name().equals(source)).findFirst().map(EndpointStatus::error)
        .orElse(null);
  }

  private @Nullable Problem asked(String source, ConnectionSettings settings) {
    long now = System.nanoTime();
    Answer answer =
        answers.compute(
            source,
            (name, last) ->
                last != null && now - last.atNanos() < COUNTS_FOR.toNanos()
                    ? last
                    : new Answer(
                        now,
                        CompletableFuture.supplyAsync(() -> Optional.ofNullable(ask(source, settings)), ASKING)
                            .completeOnTimeout(Optional.of(silent(source)), PATIENCE.toMillis(), TimeUnit.MILLISECONDS)));
    return answer.trouble().join().orElse(null);
  }

  private static @Nullable Problem ask(String source, ConnectionSettings settings) {
    try (Connection connection = PgConnections.open(settings, "probe", null);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_catalog.pg_is_in_recovery()")) {
      row.next();
      return row.getBoolean(1)
          ? new Problem(
              ErrorCode.UNREACHABLE, "source " + source + " cannot be written", "it is a standby, or still recovering",
              "helios-repl source check " + source)
          : null;
    } catch (HeliosException e) {
      return e.problem();
    } catch (SQLException e) {
      return new Problem(
          ErrorCode.UNREACHABLE, "source " + source + " does not answer", "its connection broke, SQLSTATE " + e.getSQLState(),
          "helios-repl source check " + source);
    }
  }

  private static Problem silent(String source) {
    return new Problem(
        ErrorCode.UNREACHABLE, "source " + source + " does not answer", "not within " + PATIENCE.toSeconds() + " s",
        "helios-repl source check " + source);
  }
}
