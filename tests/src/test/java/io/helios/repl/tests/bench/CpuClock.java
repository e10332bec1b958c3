package io.helios.repl.tests.bench;

import io.helios.repl.demo.LocalPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * CPU seconds of a whole PostgreSQL server: its postmaster, the children alive, and those that it has buried
 * (Linux: proc(5), fields utime, stime, cutime and cstime of {@code /proc/pid/stat}).
 */
final class CpuClock {

  private static final double TICKS_PER_SECOND = 100;

  private final ProcessHandle postmaster;

  CpuClock(LocalPostgres server) throws SQLException {
    try (Connection connection = server.connect("postgres")) {
      long backend = Long.parseLong(DatabasePair.value(connection, "SELECT pg_backend_pid()"));
      this.postmaster = ProcessHandle.of(backend).flatMap(ProcessHandle::parent).orElseThrow();
    }
  }

  double seconds() {
    double ticks = ticks(postmaster.pid());
    for (ProcessHandle child : postmaster.descendants().toList()) {
      ticks += ticks(child.pid());
    }
    return ticks / TICKS_PER_SECOND;
  }

  private static long ticks(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      // The second field is the command in parentheses and may hold anything.
      List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
      return Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12)) + Long.parseLong(fields.get(13)) + Long.parseLong(fields.get(14));
    } catch (IOException gone) {
      return 0;
    }
  }
}
