package io.helios.repl.tests.apply;

import com.sun.management.OperatingSystemMXBean;
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
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import io.helios.repl.seal.FrameMeta;
import io.helios.repl.seal.FrameOpener;
import io.helios.repl.seal.FrameSealer;
import io.helios.repl.seal.MemoryKeyring;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import io.helios.repl.tests.fixture.Postgres;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What applying alone costs: sealed frames in memory, 150,000 transactions of 300,000 changes (two thirds inserts, one
 * third updates) of 100 tenants of one shared table, then single small transactions one after the other. Prints; times
 * nothing that a test would hold.
 *
 * <p>Run {@code main} with the test class path of this module; arguments: changes held back, changes a frame, workers. Or
 * {@code huge}, best with {@code -Xmx512m}: one transaction of 2,000,000 rows beside small ones of other tenants.
 */
final class ApplyBenchmark {

  private static final int TENANTS = 100;
  private static final int TRANSACTIONS = 150_000;

  private static final Relation TABLE = new Relation(1, "public", "orders", 'd', List.of(
      new Relation.Column("tenant_id", 23, -1, true),
      new Relation.Column("id", 20, -1, true),
      new Relation.Column("title", 25, -1, false),
      new Relation.Column("amount", 1700, -1, false),
      new Relation.Column("note", 25, -1, false),
      new Relation.Column("at", 1184, -1, false)));

  private final MemoryKeyring keyring = new MemoryKeyring();
  private final FrameSealer sealer = new FrameSealer(keyring, 3);
  private long lsn = 1000;
  private int index;

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0 && arguments[0].equals("huge")) {
      LocalPostgres server = Postgres.start(17, Map.of("fsync", "on", "max_wal_size", "4GB"));
      new ApplyBenchmark().huge(server);
      server.close();
      System.exit(0);
    }
    int changes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : ApplySettings.DEFAULTS.changes();
    int frame = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1_000;
    int workers = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1;
    LocalPostgres server = Postgres.start(17, Map.of("fsync", "on", "max_wal_size", "4GB", "shared_buffers", "256MB"));
    for (int round = 1; round <= 4; round++) {
      new ApplyBenchmark().round(server, changes, frame, workers);
    }
    server.close();
    System.exit(0);
  }

  private void huge(LocalPostgres server) throws Exception {
    String database = Postgres.createDatabase(server);
    ApplySettings settings = ApplySettings.DEFAULTS.withWorkers(2);
    ApplySchedule schedule = new ApplySchedule(System::nanoTime, 4);
    MemoryFrames frames = new MemoryFrames();
    List<ReplicaTenant> tenants = prepare(server, database, frames);
    ChangeWriter writer = new ChangeWriter();
    long commit = lsn += 100;
    boolean continued = false;
    for (long id = 0; id < 2_000_000; id++) {
      if (!writer.inTransaction()) {
        writer.begin(new Lsn(commit), commit, continued);
        continued = true;
      }
      writer.insert(TABLE, row(0, 1_000_000 + id));
      if (writer.size() > 7_900_000) {
        seal(frames, 0, writer, commit, false);
      }
    }
    writer.end(new Lsn(commit));
    seal(frames, 0, writer, commit, true);
    JdbcTarget target = new JdbcTarget("t", server.settings(database), settings);
    Applier first = Applier.open(schedule, new FrameOpener(keyring), target, settings, System::nanoTime);
    Applier second = Applier.open(schedule, new FrameOpener(keyring), target, settings, System::nanoTime);
    long start = System.nanoTime();
    tenants.forEach(schedule::add);
    Thread thread = Thread.ofPlatform().start(() -> {
      while (first.runOnce() > 0) { }
    });
    long longest = 0;
    int others = 0;
    while (thread.isAlive()) {
      int t = 1 + others++ % 99;
      lsn += 100;
      writer.begin(new Lsn(lsn), lsn, false);
      writer.insert(TABLE, row(t, 20_000_000 + lsn));
      writer.end(new Lsn(lsn));
      seal(frames, t, writer, lsn, true);
      long began = System.nanoTime();
      schedule.signal(tenants.get(t).id());
      while (tenants.get(t).status().position().value() < lsn) {
        second.runOnce();
      }
      longest = Math.max(longest, System.nanoTime() - began);
    }
    System.out.printf("huge: %d rows in %d ms; meanwhile %d transactions of others, the longest %d ms; heap at most %d MiB%n",
        tenants.getFirst().status().rows(), (System.nanoTime() - start) / 1_000_000, others, longest / 1_000_000,
        Runtime.getRuntime().maxMemory() >> 20);
    first.close();
    second.close();
  }

  private List<ReplicaTenant> prepare(LocalPostgres server, String database, MemoryFrames frames) throws Exception {
    List<ReplicaTenant> tenants = new ArrayList<>();
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE orders (tenant_id int, id bigint, title text, amount numeric(12,2), note text,"
          + " at timestamptz, PRIMARY KEY (tenant_id, id))");
      statement.execute("INSERT INTO orders SELECT g % 100, g, 'title', 1, 'some note', now()"
          + " FROM generate_series(0, 99999) g");
      statement.execute("VACUUM ANALYZE orders");
      TargetSchema.install(connection);
      for (int t = 0; t < TENANTS; t++) {
        Tenant tenant = new Tenant(new UUID(1, t), "tenant-" + t, "" + t, "s", "t", TableFilter.ALL, Tier.STANDARD,
            Duration.ofSeconds(5), ConflictPolicy.SOURCE_WINS, 1);
        Replicated what = new Replicated(new Tenancy.ByColumn("tenant_id"), false, "s", 1, "r");
        keyring.create(tenant.id());
        Replicas.register(connection, tenant, what, Lsn.INVALID);
        tenants.add(new ReplicaTenant(tenant, what, frames));
      }
      statement.execute("CHECKPOINT");
    }
    return tenants;
  }

  private void round(LocalPostgres server, int held, int frameChanges, int workers) throws Exception {
    String database = Postgres.createDatabase(server);
    ApplySettings d = ApplySettings.DEFAULTS;
    ApplySettings settings = new ApplySettings(workers, d.tenants(), held, d.bytes(), d.fetchBytes(), d.commitAfter(),
        d.retryFirst(), d.retryLast(), true);
    ApplySchedule schedule = new ApplySchedule(System::nanoTime, 4);
    MemoryFrames frames = new MemoryFrames();
    List<ReplicaTenant> tenants = prepare(server, database, frames);
    backlog(frames, frameChanges);
    try (Connection connection = server.connect(database)) {
      JdbcTarget target = new JdbcTarget("t", server.settings(database), settings);
      List<Applier> appliers = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int w = 0; w < workers; w++) {
        appliers.add(Applier.open(schedule, new FrameOpener(keyring), target, settings, System::nanoTime));
      }
      long jvm = jvmCpuMillis();
      long backends = serverCpuMillis(connection);
      long start = System.nanoTime();
      tenants.forEach(schedule::add);
      for (Applier applier : appliers) {
        threads.add(Thread.ofPlatform().start(() -> {
          while (applier.runOnce() > 0) { }
        }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      long millis = (System.nanoTime() - start) / 1_000_000;
      long rows = tenants.stream().mapToLong(t -> t.status().rows()).sum();
      System.out.printf("backlog: %d changes in %d ms, %d a second; CPU: backends %d ms, this process %d ms%n", rows,
          millis, rows * 1000 / millis, serverCpuMillis(connection) - backends, jvmCpuMillis() - jvm);
      tenants.stream().map(t -> t.status().error()).filter(e -> e != null).findFirst().ifPresent(System.out::println);
      singles(frames, tenants, schedule, appliers.getFirst());
      try (ResultSet row = connection.createStatement().executeQuery(
          "SELECT count(*), pg_size_pretty(pg_table_size('helios.replica')) FROM orders")) {
        row.next();
        System.out.println("rows " + row.getString(1) + ", helios.replica " + row.getString(2));
      }
      appliers.forEach(Applier::close);
    }
  }

  private void backlog(MemoryFrames frames, int frameChanges) {
    ChangeWriter[] writers = new ChangeWriter[TENANTS];
    long[] first = new long[TENANTS];
    long id = 1_000_000;
    int updated = 0;
    for (int i = 0; i < TRANSACTIONS; i++) {
      int t = (int) ((i * 7919L) % TENANTS);
      ChangeWriter writer = writers[t] == null ? writers[t] = new ChangeWriter() : writers[t];
      lsn += 100;
      if (writer.changes() == 0) {
        first[t] = lsn;
      }
      writer.begin(new Lsn(lsn), lsn, false);
      writer.insert(TABLE, row(t, id++));
      if (i % 3 == 0) {
        writer.insert(TABLE, row(t, id++));
      } else {
        writer.update(TABLE, null, false, row(t, (updated++ * 31L % 1000) * 100 + t));
      }
      writer.end(new Lsn(lsn));
      if (writer.changes() >= frameChanges) {
        seal(frames, t, writer, first[t], true);
      }
    }
    for (int t = 0; t < TENANTS; t++) {
      if (writers[t].changes() > 0) {
        seal(frames, t, writers[t], first[t], true);
      }
    }
    frames.captured(lsn);
  }

  private void seal(MemoryFrames frames, int t, ChangeWriter writer, long first, boolean complete) {
    UUID tenant = new UUID(1, t);
    FrameSlot slot = new FrameSlot(1, new byte[32], index++, frames.lastSequence(tenant) + 1);
    Frame frame = sealer.seal(slot, new FrameMeta(tenant, FrameHeader.STREAM, 1, 1, 1, first, lsn, lsn, lsn, complete,
        writer.changes()), writer.array(), writer.size());
    frames.add(frame);
    writer.reset();
  }

  private void singles(MemoryFrames frames, List<ReplicaTenant> tenants, ApplySchedule schedule, Applier applier) {
    long[] micros = new long[2_000];
    long id = 10_000_000;
    ChangeWriter writer = new ChangeWriter();
    for (int i = 0; i < micros.length; i++) {
      int t = i % TENANTS;
      lsn += 100;
      writer.begin(new Lsn(lsn), lsn, false);
      writer.insert(TABLE, row(t, id++));
      writer.update(TABLE, null, false, row(t, (i * 31L % 1000) * 100 + t));
      writer.end(new Lsn(lsn));
      seal(frames, t, writer, lsn, true);
      long start = System.nanoTime();
      schedule.signal(tenants.get(t).id());
      while (applier.runOnce() > 0) { }
      micros[i] = (System.nanoTime() - start) / 1000;
    }
    Arrays.sort(micros);
    System.out.printf("one transaction at a time: p50 %d us, p95 %d us, p99 %d us%n", micros[micros.length / 2],
        micros[micros.length * 95 / 100], micros[micros.length * 99 / 100]);
  }

  private static Tuple row(int tenant, long id) {
    byte[] title = ("title " + id + " of the order").getBytes(StandardCharsets.UTF_8);
    byte[] note = ("some note with a few more bytes " + id).getBytes(StandardCharsets.UTF_8);
    ByteBuffer out = ByteBuffer.allocate(2 + 6 * 5 + 4 + 8 + title.length + 10 + note.length + 8);
    out.putShort((short) 6);
    out.put((byte) 'b').putInt(4).putInt(tenant);
    out.put((byte) 'b').putInt(8).putLong(id);
    out.put((byte) 'b').putInt(title.length).put(title);
    out.put((byte) 'b').putInt(10).putShort((short) 1).putShort((short) 0).putShort((short) 0).putShort((short) 2)
        .putShort((short) (id % 9999));
    out.put((byte) 'b').putInt(note.length).put(note);
    out.put((byte) 'b').putInt(8).putLong(800_000_000_000_000L + id);
    return Tuple.of(out.array(), 0, out.position());
  }

  private static long jvmCpuMillis() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1_000_000;
  }

  /** Of all processes of the server that are there now, on Linux. */
  private static long serverCpuMillis(Connection connection) throws Exception {
    long ticks = 0;
    try (ResultSet row = connection.createStatement().executeQuery("SELECT pid FROM pg_stat_activity")) {
      while (row.next()) {
        String stat = Files.readString(Path.of("/proc", row.getString(1), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
      }
    }
    return ticks * 10;
  }
}
