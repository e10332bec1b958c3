package io.helios.repl.tests.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.apply.Applier;
import io.helios.repl.apply.ApplySchedule;
import io.helios.repl.apply.ApplySettings;
import io.helios.repl.apply.JdbcTarget;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.apply.Replicas;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.TargetSchema;
import io.helios.repl.change.ChangeWriter;
import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.PgOutputDecoder;
import io.helios.repl.postgres.PgOutputMessage;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Postgres;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A source and a target database of one server, and everything between them but the stream's transport and the sealing:
 * what is committed at the source is decoded from its WAL by {@link #capture} and applied by {@link #apply}.
 */
public final class ApplyFixture implements AutoCloseable {

  public static final long SYSTEM = 4711;

  public final LocalPostgres server;
  public final String sourceDatabase;
  public final String targetDatabase;
  public final Connection source;
  public final Connection target;
  final MemoryFrames frames = new MemoryFrames();
  public final ApplySchedule schedule = new ApplySchedule(System::nanoTime, 4);
  public final Map<String, ReplicaTenant> tenants = new LinkedHashMap<>();
  public ApplySettings settings = ApplySettings.DEFAULTS;
  public boolean binary = true;

  /** Whether {@link #apply} brings what the WAL has; else only what {@link #poll} found. */
  public boolean fromWal = true;

  /** Frames are cut when they hold so many changes. */
  public int changesPerFrame = 1_000_000;

  private final Tenancy tenancy;
  private final String slot;
  private @Nullable Applier applier;
  private final PgOutputDecoder decoder = new PgOutputDecoder();
  private final Map<Integer, Relation> relations = new HashMap<>();
  private long polledAt;

  public ApplyFixture(int major, Tenancy tenancy, String... tables) throws SQLException {
    this.server = Postgres.shared(major, "source");
    this.tenancy = tenancy;
    this.sourceDatabase = Postgres.createDatabase(server);
    this.targetDatabase = Postgres.createDatabase(server);
    this.slot = "apply_" + sourceDatabase;
    this.source = server.connect(sourceDatabase);
    this.target = server.connect(targetDatabase);
    onSource("SET synchronous_commit = on");
    TargetSchema.install(target);
    for (String table : tables) {
      both(table);
    }
    onSource("CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root = true)");
    onSource("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  }

  /** Shared tables with a column {@code tenant_id}. */
  public static ApplyFixture shared(String... tables) throws SQLException {
    return new ApplyFixture(17, new Tenancy.ByColumn("tenant_id"), tables);
  }

  /** All of the source's database is one tenant. */
  public static ApplyFixture whole(String... tables) throws SQLException {
    return new ApplyFixture(17, new Tenancy.ByDatabase(), tables);
  }

  public void both(String... statements) throws SQLException {
    onSource(statements);
    onTarget(statements);
  }

  public void onSource(String... statements) throws SQLException {
    run(source, statements);
  }

  public void onTarget(String... statements) throws SQLException {
    run(target, statements);
  }

  private static void run(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** One transaction at the source. */
  public void transaction(String... statements) throws SQLException {
    source.setAutoCommit(false);
    onSource(statements);
    source.commit();
    source.setAutoCommit(true);
  }

  public ReplicaTenant tenant(String key) throws SQLException {
    return tenant(key, ConflictPolicy.SOURCE_WINS, 1);
  }

  public ReplicaTenant tenant(String key, ConflictPolicy policy, long epoch) throws SQLException {
    UUID id = UUID.nameUUIDFromBytes((targetDatabase + key).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    Tenant tenant = new Tenant(id, "tenant-" + key, key, "shop", "shop-eu", TableFilter.ALL, Tier.STANDARD,
        Duration.ofSeconds(5), policy, epoch);
    Replicated what = new Replicated(tenancy, false, "shop", SYSTEM, "us-east-1");
    Replicas.register(target, tenant, what, Lsn.INVALID);
    ReplicaTenant replica = new ReplicaTenant(tenant, what, frames);
    tenants.put(key, replica);
    schedule.add(replica);
    return replica;
  }

  /** What has been committed at the source since the last call becomes frames. Returns how many changes. */
  public int capture() throws SQLException {
    Map<String, Open> open = new LinkedHashMap<>();
    int changes = 0;
    PgOutputMessage.Begin begin = null;
    Lsn end = Lsn.INVALID;
    try (Statement statement = source.createStatement();
        ResultSet row = statement.executeQuery("SELECT data FROM pg_logical_slot_get_binary_changes('" + slot
            + "', NULL, NULL, 'proto_version', '1', 'publication_names', 'p', 'binary', '" + binary + "')")) {
      while (row.next()) {
        switch (decoder.decode(ByteBuffer.wrap(row.getBytes(1)))) {
          case PgOutputMessage.Begin b -> begin = b;
          case PgOutputMessage.Commit commit -> {
            for (Open o : open.values()) {
              o.end(commit.commitLsn());
            }
            end = commit.endLsn();
          }
          case PgOutputMessage.RelationMessage(Relation relation) -> relations.put(relation.oid(), relation);
          case PgOutputMessage.Insert(int oid, Tuple tuple) -> {
            Relation r = relations.get(oid);
            writer(open, begin, r, tuple).insert(r, tuple);
            changes++;
          }
          case PgOutputMessage.Update(int oid, Tuple old, boolean oldIsKey, Tuple tuple) -> {
            Relation r = relations.get(oid);
            writer(open, begin, r, tuple).update(r, old, oldIsKey, tuple);
            changes++;
          }
          case PgOutputMessage.Delete(int oid, Tuple old, boolean oldIsKey) -> {
            Relation r = relations.get(oid);
            writer(open, begin, r, old).delete(r, old, oldIsKey);
            changes++;
          }
          case PgOutputMessage.Truncate(List<Integer> oids, boolean _, boolean restart) -> {
            for (int oid : oids) {
              for (String key : tenants.keySet()) {
                writer(open, begin, key).truncate(relations.get(oid), restart);
              }
            }
          }
          case PgOutputMessage.Origin _, PgOutputMessage.Type _, PgOutputMessage.Message _ -> { }
        }
      }
    }
    open.values().forEach(Open::cut);
    if (end.isAfter(Lsn.INVALID)) {
      frames.captured(end.value());
    }
    return changes;
  }

  /**
   * What these queries find becomes, for each tenant, one transaction of upserts, in the order in which it is found.
   *
   * @param tables each a table's name, and what may follow it in a query: WHERE, ORDER BY
   */
  public void poll(String... tables) throws SQLException {
    polledAt = Math.max(
        polledAt + 1, Lsn.parse(source("SELECT pg_catalog.pg_current_wal_insert_lsn()").getFirst()).value());
    PgOutputMessage.Begin begin = new PgOutputMessage.Begin(new Lsn(polledAt), 0, 0);
    Map<String, Open> open = new LinkedHashMap<>();
    for (String found : tables) {
      String name = found.split(" ", 2)[0];
      Relation relation = described(name);
      String list = String.join(", ", relation.columns().stream().map(c -> "\"" + c.name() + "\"::text").toList());
      try (Statement statement = source.createStatement();
          ResultSet row = statement.executeQuery("SELECT " + list + " FROM " + found)) {
        while (row.next()) {
          String[] values = new String[relation.columns().size()];
          for (int i = 0; i < values.length; i++) {
            values[i] = row.getString(i + 1);
          }
          Tuple tuple = text(values);
          writer(open, begin, relation, tuple).upsert(relation, tuple);
        }
      }
    }
    open.values().forEach(o -> o.end(begin.commitLsn()));
    open.values().forEach(Open::cut);
    frames.captured(polledAt + 1);
  }

  private Relation described(String table) throws SQLException {
    List<Relation.Column> columns = new ArrayList<>();
    for (String column : source("SELECT a.attname, a.atttypid::int8, a.atttypmod, EXISTS (SELECT FROM pg_index i WHERE"
        + " i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) FROM pg_attribute a WHERE a.attrelid = '"
        + table + "'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum")) {
      String[] c = column.split("\\|");
      columns.add(new Relation.Column(c[0], (int) Long.parseLong(c[1]), Integer.parseInt(c[2]), c[3].equals("t")));
    }
    int oid = (int) Long.parseLong(source("SELECT '" + table + "'::regclass::oid::int8").getFirst());
    return new Relation(oid, "public", table, 'd', columns);
  }

  private static Tuple text(String... values) {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    bytes.writeBytes(ByteBuffer.allocate(2).putShort((short) values.length).array());
    for (String value : values) {
      if (value == null) {
        bytes.write('n');
      } else {
        byte[] utf8 = value.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        bytes.write('t');
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(utf8.length).array());
        bytes.writeBytes(utf8);
      }
    }
    return Tuple.of(bytes.toByteArray(), 0, bytes.size());
  }

  private ChangeWriter writer(Map<String, Open> open, PgOutputMessage.Begin begin, Relation relation, Tuple tuple) {
    String key = tenants.isEmpty() ? "" : tenants.keySet().iterator().next();
    if (tenancy instanceof Tenancy.ByColumn(String column)) {
      int place = relation.indexOf(column);
      key = tuple.kind(place) == Tuple.TEXT
          ? tuple.text(place)
          : String.valueOf(ByteBuffer.wrap(tuple.value(place)).getInt());
    }
    return writer(open, begin, key);
  }

  private ChangeWriter writer(Map<String, Open> open, PgOutputMessage.Begin begin, String key) {
    Open o = open.computeIfAbsent(key, Open::new);
    return o.writer(begin);
  }

  /** A tenant's frame in the making. */
  private final class Open {
    private final String key;
    private final ChangeWriter writer = new ChangeWriter();
    private PgOutputMessage.@Nullable Begin current;
    private PgOutputMessage.@Nullable Begin first;
    private PgOutputMessage.@Nullable Begin last;

    Open(String key) {
      this.key = key;
    }

    ChangeWriter writer(PgOutputMessage.Begin begin) {
      if (writer.changes() >= changesPerFrame) {
        boolean inside = current != null;
        cut();
        if (inside) {
          start(begin, true);
        }
      }
      if (current == null) {
        start(begin, false);
      }
      return writer;
    }

    private void start(PgOutputMessage.Begin begin, boolean continued) {
      writer.begin(begin.commitLsn(), begin.commitTimeMicros(), continued);
      current = begin;
      last = begin;
      first = first == null ? begin : first;
    }

    void end(Lsn commit) {
      if (current != null) {
        writer.end(commit);
        current = null;
      }
    }

    void cut() {
      ReplicaTenant tenant = tenants.get(key);
      if (first != null && tenant != null) {
        byte[] plain = Arrays.copyOf(writer.array(), writer.size());
        frames.add(frame(tenant, first, last, current == null, plain));
      }
      writer.reset();
      current = null;
      first = null;
    }
  }

  private Frame frame(
      ReplicaTenant tenant, PgOutputMessage.Begin first, PgOutputMessage.Begin last, boolean complete, byte[] plain) {
    return new Frame(new FrameHeader(tenant.id(), FrameHeader.STREAM, tenant.tenant().epoch(), SYSTEM, 1, 1, 1,
        frames.lastSequence(tenant.id()) + 1, first.commitLsn().value(), last.commitLsn().value(),
        first.commitTimeMicros(), last.commitTimeMicros(), complete, 1, 0, plain.length, plain.length),
        new byte[32], plain);
  }

  Applier applier() {
    if (applier == null) {
      applier = newApplier();
    }
    return applier;
  }

  Applier newApplier() {
    return new Applier(schedule, Frame::sealed, jdbcTarget(), settings, System::nanoTime);
  }

  JdbcTarget jdbcTarget() {
    return new JdbcTarget("shop-eu", server.settings(targetDatabase), settings);
  }

  /** Captures and applies until nothing is left to do. */
  public void apply() throws SQLException {
    if (fromWal) {
      capture();
    }
    tenants.values().forEach(t -> schedule.signal(t.id()));
    while (applier().runOnce() > 0) { }
    assertThat(settings.retryFirst().toMillis() < 100 || applier().problem() == null).as("%s", applier().problem()).isTrue();
  }

  public void applyUntilStopped(ReplicaTenant tenant) throws SQLException {
    applyUntil(() -> tenant.status().stopped());
  }

  /** Captures, and applies until the condition holds; fails after ten seconds. */
  public void applyUntil(java.util.function.BooleanSupplier condition) throws SQLException {
    apply();
    long end = System.nanoTime() + 10_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long").isLessThan(end);
      try {
        applier().awaitWork(Duration.ofMillis(50));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      applier().runOnce();
    }
  }

  /** The rows of a query, as text, in order. */
  static List<String> rows(Connection connection, String sql) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
          values.add(row.getString(i));
        }
        rows.add(String.join("|", values.stream().map(String::valueOf).toList()));
      }
    }
    return rows;
  }

  public List<String> target(String sql) throws SQLException {
    return rows(target, sql);
  }

  public List<String> source(String sql) throws SQLException {
    return rows(source, sql);
  }

  @Override
  public void close() throws SQLException {
    if (applier != null) {
      applier.close();
    }
    onSource("SELECT pg_drop_replication_slot('" + slot + "')");
    source.close();
    target.close();
  }
}
