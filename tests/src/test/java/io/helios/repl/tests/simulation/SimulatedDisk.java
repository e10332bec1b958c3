package io.helios.repl.tests.simulation;

import io.helios.repl.relay.SegmentFile;
import io.helios.repl.relay.SegmentFiles;
import io.helios.repl.tests.simulation.Seams.Life;
import io.helios.repl.tests.simulation.Seams.Seam;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The disk that the journal is on. It may be full, refuse any call, refuse to confirm, lose its power, be lost as a whole, or be
 * set back to an old copy. Names of files survive as {@link SegmentFiles} promises.
 */
final class SimulatedDisk {

  private final Chance chance;
  private final Weather weather;
  private final Seams seams;
  private final Trace trace;
  private final NonceWatch nonces;
  private TreeMap<Long, DiskFile> files = new TreeMap<>();
  private TreeMap<Long, DiskFile> backup = new TreeMap<>();
  private long room = Long.MAX_VALUE;

  SimulatedDisk(Chance chance, Weather weather, Seams seams, Trace trace, NonceWatch nonces) {
    this.chance = chance;
    this.weather = weather;
    this.seams = seams;
    this.trace = trace;
    this.nonces = nonces;
  }

  /** What one life of the process sees of it. */
  SegmentFiles open(Life life) {
    return new Handle(life);
  }

  void fill() {
    room = chance.below(3_000);
    trace.note("disk full in", room, 0);
  }

  void makeRoom() {
    room = Long.MAX_VALUE;
  }

  void survive() {
    files.values().forEach(DiskFile::survive);
  }

  void losePower() {
    files.values().forEach(file -> file.losePower(chance));
  }

  void lose() {
    files = new TreeMap<>();
  }

  void backUp() {
    backup = copy(files);
  }

  void setBack() {
    files = copy(backup);
  }

  private static TreeMap<Long, DiskFile> copy(Map<Long, DiskFile> from) {
    TreeMap<Long, DiskFile> copy = new TreeMap<>();
    from.forEach((id, file) -> copy.put(id, file.copy()));
    return copy;
  }

  private final class Handle implements SegmentFiles {
    private final Life life;

    Handle(Life life) {
      this.life = life;
    }

    private void pass(Seam seam) throws IOException {
      seams.pass(seam, life);
      if (life.isOver() || chance.once(weather.diskError())) {
        trace.note("disk refuses");
        throw new IOException("simulated");
      }
    }

    @Override
    public List<Long> list() throws IOException {
      pass(Seam.DISK_LIST);
      return new ArrayList<>(files.keySet());
    }

    @Override
    public SegmentFile create(long segment) throws IOException {
      pass(Seam.DISK_CREATE);
      if (room < 64) {
        throw new IOException("No space left on device");
      }
      DiskFile file = new DiskFile();
      files.put(segment, file);
      trace.note("segment", segment, 0);
      seams.mayDie(Seam.DISK_CREATE, life);
      return new Open(segment, file);
    }

    @Override
    public SegmentFile open(long segment) throws IOException {
      pass(Seam.DISK_READ);
      DiskFile file = files.get(segment);
      if (file == null) {
        throw new IOException("no such segment");
      }
      return new Open(segment, file);
    }

    @Override
    public void delete(long segment) throws IOException {
      pass(Seam.DISK_DELETE);
      files.remove(segment);
      trace.note("deleted", segment, 0);
      seams.mayDie(Seam.DISK_DELETE, life);
    }

    @Override
    public String name(long segment) {
      return "simulated-" + segment;
    }

    @Override
    public void close() {}

    private final class Open implements SegmentFile {
      private final long segment;
      private final DiskFile file;

      Open(long segment, DiskFile file) {
        this.segment = segment;
        this.file = file;
      }

      @Override
      public void write(ByteBuffer bytes, long position) throws IOException {
        byte[] all = new byte[bytes.remaining()];
        bytes.get(all);
        nonces.written(segment, all, position);
        int written = all.length;
        IOException refusal = null;
        try {
          pass(Seam.DISK_WRITE);
        } catch (SimulatedCrash | IOException e) {
          if (e instanceof SimulatedCrash || !life.isOver()) {
            file.write(all, chance.below(all.length + 1), (int) position);
          }
          throw e;
        }
        if (room < written) {
          written = (int) Math.max(0, room);
          refusal = new IOException("No space left on device");
        }
        if (room != Long.MAX_VALUE) {
          room -= written;
        }
        file.write(all, written, (int) position);
        if (refusal != null) {
          throw refusal;
        }
      }

      @Override
      public int read(ByteBuffer into, long position) throws IOException {
        pass(Seam.DISK_READ);
        int length = (int) Math.max(0, Math.min(into.remaining(), file.size() - position));
        into.put(file.bytes(), (int) position, length);
        return length;
      }

      @Override
      public void force() throws IOException {
        pass(Seam.DISK_FORCE);
        if (chance.once(weather.syncFailure())) {
          file.forceInVain(chance);
          trace.note("force in vain", segment, 0);
          throw new IOException("Input/output error");
        }
        file.force();
        seams.mayDie(Seam.DISK_FORCE, life);
      }

      @Override
      public void truncate(long length) throws IOException {
        pass(Seam.DISK_TRUNCATE);
        file.truncate((int) length);
      }

      @Override
      public long size() throws IOException {
        pass(Seam.DISK_READ);
        return file.size();
      }

      @Override
      public void close() {}
    }
  }
}
