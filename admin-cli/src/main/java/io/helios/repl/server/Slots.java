package io.helios.repl.server;

import io.helios.repl.capture.CaptureMode;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.pipeline.FleetEvent;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.ReplicationSlot;
import io.helios.repl.postgres.ReplicationSlot.SlotState;
import io.helios.repl.postgres.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The replication slots of helios-repl at the sources: those of this configuration, and those of the name {@code helios_…} that
 * nothing here uses any more, which hold back WAL until somebody drops them. Any thread; asks the sources.
 */
final class Slots {

  private static final String PREFIX = "helios_";

  /** What a slot is for. */
  enum Use {
    /** A source of this configuration is captured with it, for tenants. */
    CAPTURE,
    /** A source of this configuration would be captured with it, and no tenant asks for it. */
    IDLE,
    /** It exports the snapshot of a copy, and goes with it. */
    COPY,
    /** Nothing here uses it. Another server of yours may. */
    ORPHAN
  }

  /**
   * One at a source.
   *
   * @param source through which it is reached
   */
  record Found(String source, SlotState state, Use use) {}

  /**
   * @param silent sources that did not answer, with why
   */
  record Listing(List<Found> slots, Map<String, Problem> silent) {}

  private final ServerConfiguration configuration;
  private final Tenants tenants;
  private final Consumer<FleetEvent> events;

  Slots(ServerConfiguration configuration, Tenants tenants, Consumer<FleetEvent> events) {
    this.configuration = configuration;
    this.tenants = tenants;
    this.events = events;
  }

  /** Of all sources that answer. A server that has several of the sources is told once for each slot. */
  Listing all() {
    List<Found> found = new ArrayList<>();
    Map<String, Problem> silent = new LinkedHashMap<>();
    Set<String> told = new HashSet<>();
    for (SourceSettings source : configuration.sources()) {
      try (Connection connection = PgConnections.open(source.connection(), "slots", null)) {
        for (SlotState state : ReplicationSlot.all(connection)) {
          SourceSettings owner = owner(source, state.name());
          if ((owner != null || state.name().startsWith(PREFIX)) && told.add(server(source) + " " + state.name())) {
            found.add(new Found(owner == null ? source.name() : owner.name(), state, use(owner, state)));
          }
        }
      } catch (HeliosException e) {
        silent.put(source.name(), e.problem());
      } catch (SQLException e) {
        silent.put(source.name(), failed(source, e).problem());
      }
    }
    return new Listing(found, silent);
  }

  /** What dropping it does, in steps. Refuses what {@link #drop} refuses. */
  List<String> plan(String sourceName, String slot) {
    SourceSettings source = source(sourceName);
    try (Connection connection = PgConnections.open(source.connection(), "slots", null)) {
      SlotState state = droppable(connection, source, slot);
      return List.of(
          "drop replication slot " + slot + " of " + source.connection().place(),
          "let the source remove the " + state.retainedBytes() + " bytes of WAL that it holds back; who was to read them from it"
              + " needs a resync");
    } catch (SQLException e) {
      throw failed(source, e);
    }
  }

  /** Throws {@link OperatorException} (HR-9026, HR-9027) for one that is not there or is needed. */
  void drop(String sourceName, String slot) {
    SourceSettings source = source(sourceName);
    try (Connection connection = PgConnections.open(source.connection(), "slots", null)) {
      droppable(connection, source, slot);
      ReplicationSlot.drop(connection, slot);
    } catch (SQLException e) {
      throw failed(source, e);
    }
    events.accept(
        new FleetEvent(
            Instant.now(),
            FleetEvent.Severity.WARN,
            null,
            "slot-dropped",
            "replication slot " + slot + " of source " + sourceName + " was dropped",
            null));
  }

  private SlotState droppable(Connection connection, SourceSettings source, String slot) {
    SourceSettings owner = owner(source, slot);
    SlotState state =
        ReplicationSlot.find(connection, slot)
            .filter(s -> owner != null || s.name().startsWith(PREFIX))
            .orElseThrow(
                () ->
                    new OperatorException(
                        new Problem(
                            ErrorCode.NO_SUCH_SLOT,
                            "source \"" + source.name() + "\" has no slot \"" + slot + "\" of helios-repl's",
                            "there is no replication slot of this name, or it is somebody else's",
                            "helios-repl slot list")));
    String needed =
        state.plugin() == null
            ? "it is a physical slot: a standby may need it"
            : state.active()
                ? "process " + state.activePid() + " at the source is reading it"
                : use(owner, state) == Use.CAPTURE ? "source \"" + source.name() + "\" is captured with it for its tenants" : null;
    if (needed != null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SLOT_NEEDED,
              "replication slot " + slot + " of source \"" + source.name() + "\" is not dropped",
              needed,
              state.plugin() == null
                  ? "ask whoever made it"
                  : "stop what reads it first; tenants of the source: helios-repl tenant list"));
    }
    return state;
  }

  private Use use(@Nullable SourceSettings owner, SlotState state) {
    if (owner != null) {
      boolean wanted =
          tenants.all().stream()
              .anyMatch(t -> t.tenant().source().equals(owner.name()) && t.desired() != DesiredState.CREATED);
      return wanted ? Use.CAPTURE : Use.IDLE;
    }
    return state.temporary() ? Use.COPY : Use.ORPHAN;
  }

  /** The source of this configuration on the same server that is captured with a slot of this name. */
  private @Nullable SourceSettings owner(SourceSettings seenFrom, String slot) {
    return configuration.sources().stream()
        .filter(s -> s.capture() instanceof CaptureMode.Wal && s.slot().equals(slot) && server(s).equals(server(seenFrom)))
        .findFirst()
        .orElse(null);
  }

  /** Slots belong to a server, not to a database. */
  private static String server(SourceSettings source) {
    return source.connection().host() + ":" + source.connection().port();
  }

  private SourceSettings source(String name) {
    Optional<SourceSettings> source = configuration.source(name);
    return source.orElseThrow(
        () ->
            new OperatorException(
                new Problem(
                    ErrorCode.NO_SUCH_SOURCE,
                    "there is no source \"" + name + "\"",
                    "no source of that name is configured",
                    "helios-repl source list")));
  }

  private static HeliosException failed(SourceSettings source, SQLException e) {
    return SqlStates.classify(
        e,
        ErrorCode.SOURCE_QUERY_FAILED,
        "the replication slots of source " + source.name() + " cannot be read",
        "helios-repl source check " + source.name());
  }
}
