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
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.ConnectionSettings;
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
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The replication slots of helios-repl at the sources and targets: those of this configuration, those that moves of tenants made
 * at targets, and those of the name {@code helios_…} that nothing here uses any more, which hold back WAL until somebody drops
 * them. Any thread; asks the databases.
 */
final class Slots {

  private static final String PREFIX = "helios_";

  /** So many tenants are named. */
  private static final int NAMED = 5;

  /** What a slot is for. */
  enum Use {
    /** A source of this configuration is captured with it, for tenants. */
    CAPTURE,
    /** A target is captured with it, for tenants that are written there after a move, or are about to be. */
    MOVE,
    /** A source of this configuration would be captured with it, and no tenant asks for it. */
    IDLE,
    /** It exports the snapshot of a copy, and goes with it. */
    COPY,
    /** Nothing here uses it. Another server of yours may. */
    ORPHAN
  }

  /** Where slots are. */
  enum At {
    SOURCE,
    TARGET;

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A source or target of the configuration. */
  record Place(At at, String name, ConnectionSettings connection) {

    /** Slots belong to a server, not to a database. */
    String server() {
      return connection.host() + ":" + connection.port();
    }

    @Override
    public String toString() {
      return at.label() + " \"" + name + "\"";
    }
  }

  /**
   * A slot that this server captures with, or would.
   *
   * @param place what is captured
   * @param tenants who needs it
   */
  private record Own(Place place, String slot, Use use, List<String> tenants) {}

  /** @param place whose it is; of one that is nobody's, through which it is reached */
  record Found(Place place, SlotState state, Use use) {}

  /**
   * @param silent places that did not answer, with why
   */
  record Listing(List<Found> slots, Map<Place, Problem> silent) {}

  private final ServerConfiguration configuration;
  private final Tenants tenants;
  private final Function<String, List<String>> mirrored;
  private final Consumer<FleetEvent> events;

  /** @param mirrored who needs the slot that moves make at the target of a name */
  Slots(
      ServerConfiguration configuration,
      Tenants tenants,
      Function<String, List<String>> mirrored,
      Consumer<FleetEvent> events) {
    this.configuration = configuration;
    this.tenants = tenants;
    this.mirrored = mirrored;
    this.events = events;
  }

  /** Of all sources and targets that answer. A server that has several of them is told once for each slot. */
  Listing all() {
    List<Own> own = own();
    List<Found> found = new ArrayList<>();
    Map<Place, Problem> silent = new LinkedHashMap<>();
    Set<String> told = new HashSet<>();
    for (Place place : places()) {
      try (Connection connection = PgConnections.open(place.connection(), "slots", null)) {
        for (SlotState state : ReplicationSlot.all(connection)) {
          Own owner = owner(own, place, state.name());
          if ((owner != null || state.name().startsWith(PREFIX)) && told.add(place.server() + " " + state.name())) {
            found.add(new Found(owner == null ? place : owner.place(), state, use(owner, state)));
          }
        }
      } catch (HeliosException e) {
        silent.put(place, e.problem());
      } catch (SQLException e) {
        silent.put(place, failed(place, e).problem());
      }
    }
    return new Listing(found, silent);
  }

  /** What dropping it does, in steps. Refuses what {@link #drop} refuses. */
  List<String> plan(String name, String slot) {
    return at(
        name,
        slot,
        (place, connection, state) ->
            List.of(
                "drop replication slot " + slot + " of " + place.connection().place(),
                "let the server remove the " + state.retainedBytes() + " bytes of WAL that it holds back; who was to read them from"
                    + " it needs a resync"));
  }

  /** Throws {@link OperatorException} (HR-9026, HR-9027) for one that is not there or is needed. */
  void drop(String name, String slot) {
    Place dropped =
        at(
            name,
            slot,
            (place, connection, state) -> {
              ReplicationSlot.drop(connection, slot);
              return place;
            });
    events.accept(
        new FleetEvent(
            Instant.now(),
            FleetEvent.Severity.WARN,
            null,
            "slot-dropped",
            "replication slot " + slot + " of " + dropped.at().label() + " " + name + " was dropped",
            null));
  }

  private interface Work<T> {
    T on(Place place, Connection connection, SlotState state) throws SQLException;
  }

  /** A source and a target may have the same name: then the one that has the slot is meant. */
  private <T> T at(String name, String slot, Work<T> work) {
    List<Place> named = places().stream().filter(place -> place.name().equals(name)).toList();
    if (named.isEmpty()) {
      throw new OperatorException(
          new Problem(
              ErrorCode.NO_SUCH_SOURCE,
              "there is no source \"" + name + "\", and no target",
              "nothing of that name is configured",
              "helios-repl source list; helios-repl target list"));
    }
    OperatorException absent = null;
    for (Place place : named) {
      try (Connection connection = PgConnections.open(place.connection(), "slots", null)) {
        Own owner = owner(own(), place, slot);
        Optional<SlotState> state =
            ReplicationSlot.find(connection, slot).filter(s -> owner != null || s.name().startsWith(PREFIX));
        if (state.isPresent()) {
          refuseNeeded(place, owner, state.get());
          return work.on(place, connection, state.get());
        }
        absent = absent == null ? absent(place, slot) : absent;
      } catch (SQLException e) {
        throw failed(place, e);
      }
    }
    throw Objects.requireNonNull(absent);
  }

  private static OperatorException absent(Place place, String slot) {
    return new OperatorException(
        new Problem(
            ErrorCode.NO_SUCH_SLOT,
            place + " has no slot \"" + slot + "\" of helios-repl's",
            "there is no replication slot of this name, or it is somebody else's",
            "helios-repl slot list"));
  }

  private static void refuseNeeded(Place place, @Nullable Own owner, SlotState state) {
    Use use = use(owner, state);
    String needed =
        state.plugin() == null
            ? "it is a physical slot: a standby may need it"
            : state.active()
                ? "process " + state.activePid() + " at the " + place.at().label() + " is reading it"
                : owner != null && (use == Use.CAPTURE || use == Use.MOVE)
                    ? owner.place() + " is captured with it for " + needing(owner)
                    : null;
    if (needed != null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.SLOT_NEEDED,
              "replication slot " + state.name() + " of " + place + " is not dropped",
              needed,
              state.plugin() == null
                  ? "ask whoever made it"
                  : use == Use.MOVE
                      ? "end the moves first: helios-repl migrate status"
                      : "stop what reads it first; tenants of the source: helios-repl tenant list"));
    }
  }

  private static String needing(Own owner) {
    return owner.use() == Use.MOVE
        ? owner.tenants().stream().limit(NAMED).collect(Collectors.joining(", "))
            + (owner.tenants().size() > NAMED ? " and " + (owner.tenants().size() - NAMED) + " more" : "")
        : "its tenants";
  }

  private static Use use(@Nullable Own owner, SlotState state) {
    return owner != null ? owner.use() : state.temporary() ? Use.COPY : Use.ORPHAN;
  }

  private List<Place> places() {
    return Stream.concat(
            configuration.sources().stream().map(s -> new Place(At.SOURCE, s.name(), s.connection())),
            configuration.targets().stream().map(t -> new Place(At.TARGET, t.name(), t.connection())))
        .toList();
  }

  /** A slot of a move that no tenant needs any more is an orphan as any other. */
  private List<Own> own() {
    List<Own> own = new ArrayList<>();
    for (SourceSettings source : configuration.sources()) {
      if (source.capture() instanceof CaptureMode.Wal) {
        boolean wanted =
            tenants.all().stream()
                .anyMatch(t -> t.tenant().source().equals(source.name()) && t.desired() != DesiredState.CREATED);
        own.add(
            new Own(
                new Place(At.SOURCE, source.name(), source.connection()), source.slot(), wanted ? Use.CAPTURE : Use.IDLE, List.of()));
      }
    }
    for (TargetSettings target : configuration.targets()) {
      List<String> needing = mirrored.apply(target.name());
      if (!needing.isEmpty()) {
        own.add(new Own(new Place(At.TARGET, target.name(), target.connection()), target.mirror(), Use.MOVE, needing));
      }
    }
    return own;
  }

  private static @Nullable Own owner(List<Own> own, Place seenFrom, String slot) {
    return own.stream()
        .filter(o -> o.slot().equals(slot) && o.place().server().equals(seenFrom.server()))
        .findFirst()
        .orElse(null);
  }

  private static HeliosException failed(Place place, SQLException e) {
    return SqlStates.classify(
        e,
        ErrorCode.SOURCE_QUERY_FAILED,
        "the replication slots of " + place + " cannot be read",
        "helios-repl " + place.at().label() + " check " + place.name());
  }
}
