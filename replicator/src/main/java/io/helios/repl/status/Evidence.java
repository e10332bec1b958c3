package io.helios.repl.status;

import io.helios.repl.postgres.Lsn;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A verification as it is kept: what was compared, where in the WAL, what came of it and what it cost. It grows table by
 * table; one that was interrupted is gone on with later, so each table names its own point.
 *
 * @param tenant its name; it may have been deleted and another one made under the same name, so its id counts
 * @param epoch the tenant's
 * @param systemIdentifier of the source, unsigned, as PostgreSQL prints it
 * @param timeline of the source
 * @param endedAt null as long as tables are left to compare
 * @param tablesWanted how many tables the tenant has
 * @param tables those compared
 */
public record Evidence(
    UUID id,
    UUID tenantId,
    String tenant,
    long epoch,
    String systemIdentifier,
    int timeline,
    Instant begunAt,
    @Nullable Instant endedAt,
    int tablesWanted,
    List<TableEvidence> tables,
    VerificationCost cost) {

  public Evidence {
    tables = List.copyOf(tables);
  }

  /** Whether every table was compared. */
  public boolean complete() {
    return endedAt != null;
  }

  /** Whether every table was compared and is the same on both sides. */
  public boolean equal() {
    return complete() && tables.stream().allMatch(TableEvidence::equal);
  }

  /** The earliest of its points; {@link Lsn#INVALID} before the first table. */
  public Lsn lsn() {
    return tables.stream().map(TableEvidence::lsn).min(Comparator.naturalOrder()).orElse(Lsn.INVALID);
  }

  /** When the earliest of its points was looked at; it is as old as that. */
  public Instant takenAt() {
    return tables.stream().map(TableEvidence::at).min(Comparator.naturalOrder()).orElse(begunAt);
  }

  /** Whether somebody who is about to rely on both sides being equal may. */
  public boolean isFresh(UUID ofTenant, Duration maxAge, long ofEpoch, Instant now) {
    return objection(ofTenant, maxAge, ofEpoch, now).isEmpty();
  }

  /** Why it may not be relied on, in an operator's words; empty when it {@linkplain #isFresh may}. */
  public Optional<String> objection(UUID ofTenant, Duration maxAge, long ofEpoch, Instant now) {
    if (!tenantId.equals(ofTenant)) {
      return Optional.of("it is of another tenant of that name");
    }
    if (epoch != ofEpoch) {
      return Optional.of("it was made under epoch " + epoch + ", and the tenant's is " + ofEpoch);
    }
    if (!complete()) {
      return Optional.of("only " + tables.size() + " of " + tablesWanted + " tables were compared");
    }
    if (!equal()) {
      return Optional.of("it found the sides to differ");
    }
    Duration age = Duration.between(takenAt(), now);
    // A clock that was set back makes it look as if it came from the future: nobody knows how old it is.
    return age.compareTo(maxAge) > 0 || age.isNegative()
        ? Optional.of("it shows the sides as they were " + age.toSeconds() + " s ago, and " + maxAge.toSeconds() + " s are allowed")
        : Optional.empty();
  }

  /** With one table more, or in the place of what was found of it before. */
  public Evidence with(TableEvidence table) {
    List<TableEvidence> all = new ArrayList<>(tables);
    all.removeIf(known -> known.table().equals(table.table()));
    all.add(table);
    return copy(endedAt, tablesWanted, all, cost);
  }

  /** With only these of its tables, of so many that are wanted. */
  public Evidence keeping(int wanted, List<TableEvidence> some) {
    return copy(endedAt, wanted, some, cost);
  }

  public Evidence with(VerificationCost more) {
    return copy(endedAt, tablesWanted, tables, cost.plus(more));
  }

  public Evidence ended(Instant at) {
    return copy(at, tablesWanted, tables, cost);
  }

  private Evidence copy(@Nullable Instant ended, int wanted, List<TableEvidence> found, VerificationCost spent) {
    return new Evidence(
        id, tenantId, tenant, epoch, systemIdentifier, timeline, begunAt, ended, wanted, found, spent);
  }

  /** Its result alone. */
  public Verification verification() {
    return new Verification(
        tenant,
        lsn(),
        takenAt(),
        cost.millis(),
        tables.stream()
            .map(t -> new Verification.TableResult(t.table(), t.sourceRows(), t.targetRows(), t.differing()))
            .sorted(Comparator.comparing(Verification.TableResult::table))
            .toList());
  }
}
