package io.helios.repl.pipeline;

import io.helios.repl.apply.CopyLedger;
import io.helios.repl.apply.GuardTrial;
import io.helios.repl.apply.ReadOnlyGuard;
import io.helios.repl.apply.ReplicaState;
import io.helios.repl.apply.Replicas;
import io.helios.repl.apply.SequenceLedger;
import io.helios.repl.apply.TargetCheck;
import io.helios.repl.apply.TargetHealth;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.capture.OrphanSlots;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.EmptySearchPath;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.postgres.SequenceSample;
import io.helios.repl.postgres.SqlStates;
import io.helios.repl.postgres.TableDefinition;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.tenant.Tenant;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One target: what applies there, and what else is asked of its database. Any thread may call any method. */
final class TargetEngine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TargetEngine.class);

  private final TargetSettings settings;
  private final ApplySite site;
  private final Ticker ticker;
  private final ReentrantLock lookingUp = new ReentrantLock();
  private @Nullable Connection lookUps;

  TargetEngine(TargetSettings settings, ApplySite site, Ticker ticker) {
    this.settings = settings;
    this.site = site;
    this.ticker = ticker;
  }

  TargetSettings settings() {
    return settings;
  }

  /** Where its tenants are applied. */
  ApplySite site() {
    return site;
  }

  void start() {
    site.start();
  }

  List<Finding> check() {
    try (Connection connection = PgConnections.open(settings.connection(), "check", null)) {
      return TargetCheck.run(connection, settings.name(), null, List.of());
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /**
   * The check, and what could hurt a target that works.
   *
   * @param slots names of all that this server captures with; null when its server's slots were looked at already
   */
  Examination.Examined examine(@Nullable Set<String> slots) {
    try (Connection connection = PgConnections.open(settings.connection(), "doctor", null)) {
      List<Finding> findings = new ArrayList<>(TargetCheck.run(connection, settings.name(), null, List.of()));
      findings.addAll(TargetHealth.run(connection, settings.name()));
      if (slots != null) {
        try (EmptySearchPath _ = EmptySearchPath.on(connection)) {
          findings.addAll(OrphanSlots.find(connection, "target", settings.name(), slots));
        }
      }
      EndpointFacts facts = EndpointFacts.read(connection, settings.connection().host(), ticker);
      facts.clock("target \"" + settings.name() + "\"").ifPresent(findings::add);
      return new Examination.Examined(facts, findings);
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /** Looks at the target with the eyes of a source whose tables are to come here. */
  List<Finding> check(Connection source, Collection<TableDefinition> tables) {
    try (Connection connection = PgConnections.open(settings.connection(), "check", null)) {
      return TargetCheck.run(connection, settings.name(), source, tables);
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /** Whether a client that writes the tenant here is refused: tried, and taken back. */
  GuardTrial.Outcome tryGuard(Tenant tenant) {
    try (Connection connection = PgConnections.open(settings.connection(), "trial", tenant.name())) {
      return GuardTrial.run(connection, tenant.id());
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /** Schema helios, and triggers of the read-only guard that were lost. Tables are made when a tenant starts. */
  PreparationPlan prepare(boolean dryRun) {
    try (Connection connection = PgConnections.openForDefinitions(settings.connection(), "prepare", null)) {
      List<String> sql = new ArrayList<>(TargetSchema.plan(connection));
      if (!dryRun) {
        TargetSchema.install(connection);
      }
      if (TargetSchema.installedVersion(connection) > 0) {
        List<String> guards = ReadOnlyGuard.missing(connection);
        if (!dryRun) {
          for (String statement : guards) {
            execute(connection, statement);
          }
        }
        sql.addAll(guards);
      }
      return new PreparationPlan(sql, !dryRun);
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  HeliosException refused(SQLException e) {
    return SqlStates.classify(
        e,
        ErrorCode.TARGET_NOT_PREPARED,
        "target \"" + settings.name() + "\" cannot be looked at or prepared",
        "helios-repl target check " + settings.name());
  }

  /** Writes down how far tenants have everything; returns those that were. */
  List<Replicas.Mark> mark(List<Replicas.Mark> marks) {
    try (Connection connection = PgConnections.open(settings.connection(), "mark", null)) {
      return Replicas.mark(connection, marks);
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /**
   * Everything of the tenant that committed before this is at the target, as it has recorded; empty when it has nothing.
   *
   * @param sourceSystem what came from another server counts for nothing
   * @throws HeliosException when it cannot be asked
   */
  Optional<Lsn> throughOf(Tenant tenant, long sourceSystem) {
    try (Connection connection = PgConnections.open(settings.connection(), "position", tenant.name())) {
      return TargetSchema.installedVersion(connection) == 0
          ? Optional.empty()
          : Replicas.through(connection, tenant.id(), sourceSystem);
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /** Keeps what a source's sequences have come to; does nothing on a target that is not prepared for it. */
  void keep(String source, long sourceSystem, List<SequenceSample> samples) {
    try (Connection connection = PgConnections.open(settings.connection(), "sequences", null)) {
      if (TargetSchema.installedVersion(connection) == TargetSchema.VERSION) {
        SequenceLedger.keep(connection, source, sourceSystem, samples);
        SequenceLedger.forgetOld(connection, source, sourceSystem, ticker.now());
      }
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /** What is kept of the sequences that feed the tenant's tables; nothing while the target is out of reach. */
  List<SequenceSample> sequences(Tenant tenant) {
    if (problem() != null) {
      return List.of();
    }
    try (Connection connection = PgConnections.open(settings.connection(), "sequences", tenant.name())) {
      return TargetSchema.installedVersion(connection) == TargetSchema.VERSION
          ? SequenceLedger.of(connection, tenant.id())
          : List.of();
    } catch (SQLException | HeliosException e) {
      LOG.debug("target {} does not tell what it keeps of sequences", settings.name(), e);
      return List.of();
    }
  }

  /**
   * What the target has recorded of the tenant when its copy is complete; empty when there is more to do. Many ask at once
   * when a server starts: they share one connection, which is closed by the last.
   *
   * @throws HeliosException when it cannot be asked
   */
  Optional<ReplicaState> copied(Tenant tenant) {
    lookingUp.lock();
    try {
      Connection connection = lookUps;
      if (connection == null) {
        connection = PgConnections.open(settings.connection(), "resume", null);
        lookUps = connection;
      }
      Optional<ReplicaState> found = Optional.empty();
      if (TargetSchema.installedVersion(connection) == TargetSchema.VERSION) {
        var tables = new CopyLedger(tenant.id(), tenant.name()).read(connection).values();
        if (!tables.isEmpty() && tables.stream().allMatch(CopyLedger.Entry::finished)) {
          found = Replicas.find(connection, tenant.id());
        }
      }
      if (!lookingUp.hasQueuedThreads()) {
        lookUps = null;
        connection.close();
      }
      return found;
    } catch (SQLException e) {
      lookUps = null;
      throw refused(e);
    } finally {
      lookingUp.unlock();
    }
  }

  /**
   * Everything of the tenant counts as not yet copied, durably: whoever brings it up next, after a crash too, copies all of
   * it. To be called before anything else forgets what it had.
   *
   * @throws HeliosException when that cannot be written down
   */
  void reopen(Tenant tenant) {
    try (Connection connection = PgConnections.open(settings.connection(), "resync", tenant.name())) {
      if (TargetSchema.installedVersion(connection) != 0) {
        new CopyLedger(tenant.id(), tenant.name()).reopen(connection);
      }
    } catch (SQLException e) {
      throw refused(e);
    }
  }

  /** Why the target cannot be used at the moment, or null. */
  @Nullable Problem problem() {
    return site.problem();
  }

  EndpointStatus status(int tenants) {
    Problem problem = problem();
    return new EndpointStatus(
        settings.name(),
        "target",
        settings.connection().place(),
        problem == null,
        null,
        null,
        null,
        tenants,
        problem,
        problem == null ? null : ticker.now());
  }

  @Override
  public void close() {
    site.close();
  }
}
