package io.helios.repl.pipeline;

import io.helios.repl.postgres.schema.DumpPolicy;
import java.nio.file.Path;
import java.util.List;

/**
 * Everything that one server's engine is made from.
 *
 * @param dataDirectory holds a journal per source
 * @param journalBytes what a source's journal may take on disk
 * @param journalBytesPerTenant what one tenant may take of it
 * @param walBudget how far behind what is captured the slot may stay for tenants that lag, in bytes of WAL
 * @param applyWorkers connections per target that apply
 * @param zstdLevel of frames
 * @param copyLimits how much others may feel of copies
 * @param pgDump what tells the definitions of tenants that have a schema or a database of their own
 */
public record FleetSettings(
    Path dataDirectory,
    List<SourceSettings> sources,
    List<TargetSettings> targets,
    long journalBytes,
    long journalBytesPerTenant,
    long walBudget,
    int applyWorkers,
    int zstdLevel,
    CopyLimits copyLimits,
    DumpPolicy pgDump) {

  public FleetSettings {
    sources = List.copyOf(sources);
    targets = List.copyOf(targets);
  }

  /** With the limits of copies that are usual, and a pg_dump that is installed and fits, where there is one. */
  public FleetSettings(
      Path dataDirectory,
      List<SourceSettings> sources,
      List<TargetSettings> targets,
      long journalBytes,
      long journalBytesPerTenant,
      long walBudget,
      int applyWorkers,
      int zstdLevel) {
    this(
        dataDirectory, sources, targets, journalBytes, journalBytesPerTenant, walBudget, applyWorkers, zstdLevel,
        CopyLimits.DEFAULT, DumpPolicy.AUTO);
  }
}
