package io.helios.repl.tui.fleet;

import org.jspecify.annotations.Nullable;

/**
 * One source or target.
 *
 * @param retainedWalBytes for a source, WAL that our slot holds back; null when unknown
 * @param journalBytes for a source, what its journal takes on disk; null when unknown
 */
public record Endpoint(
    Role role,
    String name,
    String place,
    boolean reachable,
    @Nullable String capturedLsn,
    @Nullable Long retainedWalBytes,
    @Nullable Long journalBytes,
    int tenants,
    @Nullable Fault error) {

  /** Which end it is. */
  public enum Role {
    SOURCE,
    TARGET
  }
}
