package io.helios.repl.demo;

import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What an unattended demonstration ends with.
 *
 * @param rowsCopied by the initial copies
 * @param streamed what the load committed after them
 * @param lag as sampled while the load ran
 * @param statuses of all tenants at the end
 * @param verifications one for each tenant
 */
record DemoSummary(
    long rowsCopied,
    double copySeconds,
    LoadGenerator.Done streamed,
    double liveSeconds,
    double catchUpSeconds,
    LagSamples lag,
    List<TenantStatus> statuses,
    List<Verification> verifications) {

  boolean equal() {
    return verifications.stream().allMatch(Verification::equal);
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(line("rows copied", String.format(Locale.ROOT, "%,d in %.1f s", rowsCopied, copySeconds)));
    lines.add(
        line(
            "changes streamed",
            String.format(Locale.ROOT, "%,d in %,d transactions over %.0f s", streamed.rows(), streamed.transactions(), liveSeconds)));
    lines.add(line("lag while streaming", lag.text()));
    lines.add(line("caught up", String.format(Locale.ROOT, "%.2f s after the load had stopped", catchUpSeconds)));
    long raw = statuses.stream().mapToLong(TenantStatus::rawBytes).sum();
    long sealed = statuses.stream().mapToLong(TenantStatus::sealedBytes).sum();
    if (sealed > 0) {
      lines.add(line("journal", String.format(Locale.ROOT, "%s sealed to %s, %.1f : 1", size(raw), size(sealed), (double) raw / sealed)));
    }
    long conflicts = statuses.stream().mapToLong(TenantStatus::conflicts).sum();
    if (conflicts > 0) {
      lines.add(line("conflicts", String.format(Locale.ROOT, "%,d", conflicts)));
    }
    long same = verifications.stream().filter(Verification::equal).count();
    long rows = verifications.stream().flatMap(v -> v.tables().stream()).mapToLong(Verification.TableResult::sourceRows).sum();
    lines.add(
        line(
            "verified",
            String.format(Locale.ROOT, "%d of %d tenants equal on both sides, %,d rows compared", same, verifications.size(), rows)));
    for (Verification verification : verifications) {
      for (Verification.TableResult table : verification.tables()) {
        if (table.differing() != 0 || table.sourceRows() != table.targetRows()) {
          lines.add(
              line(
                  "  differs",
                  String.format(Locale.ROOT, "%s %s: %,d rows at the source, %,d at the target, %,d keys differ", 
                          verification.tenant(), table.table(), table.sourceRows(), table.targetRows(), table.differing())));
        }
      }
    }
    return lines;
  }

  private static String line(String title, String text) {
    return String.format(Locale.ROOT, "  %-20s %s", title, text);
  }

  private static String size(long bytes) {
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }
}
