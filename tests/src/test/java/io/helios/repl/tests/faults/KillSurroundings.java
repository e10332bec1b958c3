package io.helios.repl.tests.faults;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.ApplySettings;
import io.helios.repl.apply.RejectedBatchException;
import io.helios.repl.apply.ReplicaState;
import io.helios.repl.apply.Replicated;
import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.apply.Target;
import io.helios.repl.apply.TargetSession;
import io.helios.repl.change.Change;
import io.helios.repl.pipeline.SourceSettings;
import io.helios.repl.pipeline.Surroundings;
import io.helios.repl.pipeline.TargetSettings;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.relay.SegmentFile;
import io.helios.repl.relay.SegmentFiles;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.TenantKey;
import io.helios.repl.tenant.Tenant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The real world, in which the process ends at a step, as by SIGKILL: at once, with no hook run and nothing closed. Only
 * what it has handed to the operating system stays.
 */
final class KillSurroundings implements Surroundings {

  private final KillStep fatal;
  private final AtomicLong left;

  /** @param at the how manieth time is the last */
  KillSurroundings(KillStep fatal, long at) {
    this.fatal = fatal;
    this.left = new AtomicLong(at);
  }

  void at(KillStep step) {
    if (isDue(step)) {
      die();
    }
  }

  private boolean isDue(KillStep step) {
    return step == fatal && left.decrementAndGet() == 0;
  }

  static void die() {
    Runtime.getRuntime().halt(KillProcess.KILLED);
  }

  Keyring keyring(Keyring real) {
    return new Keyring() {
      @Override
      public TenantKey create(UUID tenant) {
        return real.create(tenant);
      }

      @Override
      public void adopt(UUID tenant, int generation, byte[] bytes) {
        real.adopt(tenant, generation, bytes);
      }

      @Override
      public TenantKey current(UUID tenant) {
        at(KillStep.SEAL);
        return real.current(tenant);
      }

      @Override
      public TenantKey key(UUID tenant, int generation) {
        return real.key(tenant, generation);
      }

      @Override
      public void destroy(UUID tenant) {
        real.destroy(tenant);
      }

      @Override
      public int generation(UUID tenant) {
        return real.generation(tenant);
      }
    };
  }

  @Override
  public WalStream walStream(SourceSettings source, SourceIdentity server, Lsn from, boolean binary) {
    WalStream real = Surroundings.super.walStream(source, server, from, binary);
    return new WalStream() {
      @Override
      public @Nullable ByteBuffer poll() {
        ByteBuffer message = real.poll();
        if (message != null) {
          at(KillStep.CAPTURE);
        }
        return message;
      }

      @Override
      public boolean isBinary() {
        return real.isBinary();
      }

      @Override
      public Lsn receivedUpTo() {
        return real.receivedUpTo();
      }

      @Override
      public void release(Lsn endLsn, boolean now) {
        at(KillStep.RELEASE);
        if (isDue(KillStep.RELEASED)) {
          real.release(endLsn, true);
          die();
        }
        real.release(endLsn, now);
      }

      @Override
      public void applied(Lsn point) {
        real.applied(point);
      }

      @Override
      public void keepAlive() {
        real.keepAlive();
      }

      @Override
      public void close() {
        real.close();
      }
    };
  }

  @Override
  public SegmentFiles segmentFiles(Path directory) throws IOException {
    SegmentFiles real = Surroundings.super.segmentFiles(directory);
    return new SegmentFiles() {
      @Override
      public List<Long> list() throws IOException {
        return real.list();
      }

      @Override
      public SegmentFile create(long segment) throws IOException {
        return new Segment(real.create(segment));
      }

      @Override
      public SegmentFile open(long segment) throws IOException {
        return new Segment(real.open(segment));
      }

      @Override
      public void delete(long segment) throws IOException {
        real.delete(segment);
      }

      @Override
      public String name(long segment) {
        return real.name(segment);
      }

      @Override
      public void close() throws IOException {
        real.close();
      }
    };
  }

  private final class Segment implements SegmentFile {

    private final SegmentFile real;

    Segment(SegmentFile real) {
      this.real = real;
    }

    @Override
    public void write(ByteBuffer bytes, long position) throws IOException {
      if (isDue(KillStep.APPEND)) {
        real.write(bytes.limit(bytes.position() + bytes.remaining() / 2), position);
        die();
      }
      real.write(bytes, position);
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return real.read(into, position);
    }

    @Override
    public void force() throws IOException {
      at(KillStep.FSYNC);
      real.force();
      at(KillStep.FSYNCED);
    }

    @Override
    public void truncate(long length) throws IOException {
      real.truncate(length);
    }

    @Override
    public long size() throws IOException {
      return real.size();
    }

    @Override
    public void close() throws IOException {
      real.close();
    }
  }

  @Override
  public Target target(TargetSettings settings, ApplySettings apply, SourceCatalog sources) {
    Target real = Surroundings.super.target(settings, apply, sources);
    return new Target() {
      @Override
      public String name() {
        return real.name();
      }

      @Override
      public TargetSession connect() {
        return new Session(real.connect());
      }
    };
  }

  private final class Session implements TargetSession {

    private final TargetSession real;

    Session(TargetSession real) {
      this.real = real;
    }

    @Override
    public ReplicaState load(Tenant tenant) {
      return real.load(tenant);
    }

    @Override
    public void apply(Tenant tenant, Replicated what, Lsn commitLsn, Change change, Care care)
        throws RejectedBatchException {
      real.apply(tenant, what, commitLsn, change, care);
      at(KillStep.APPLY);
    }

    @Override
    public Set<UUID> holders() {
      return real.holders();
    }

    @Override
    public long changes() {
      return real.changes();
    }

    @Override
    public long bytes() {
      return real.bytes();
    }

    @Override
    public Map<UUID, Map<AppliedStatus.Conflict, Long>> commit(List<Advance> advances) throws RejectedBatchException {
      at(KillStep.COMMIT);
      Map<UUID, Map<AppliedStatus.Conflict, Long>> conflicts = real.commit(advances);
      at(KillStep.COMMITTED);
      return conflicts;
    }

    @Override
    public void rollback() {
      real.rollback();
    }

    @Override
    public boolean isUsable() {
      return real.isUsable();
    }

    @Override
    public void close() {
      real.close();
    }
  }
}
