package io.helios.repl.pipeline;

import io.helios.repl.apply.AppliedStatus;
import io.helios.repl.apply.ReplicaTenant;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.seal.Keyring;
import io.helios.repl.status.GuestStatus;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One tenant that another region's server has given to this one. What is asked of it comes one at a time; its reports are for any thread.
 */
final class Guest {

  private final String region;
  private final String target;
  private final UUID incarnation;
  private final GuestHome home;
  private final ReplicaTenant replica;
  private final Ward ward;
  private final Keyring keys;
  private long revision;
  private long distrusted;
  private GivenTenant.@Nullable Hold hold;
  private volatile GivenTenant.Hold reached = new GivenTenant.Hold(0, Lsn.INVALID);
  private volatile long promoted;

  Guest(
      String region, String target, UUID incarnation, GuestHome home, ReplicaTenant replica, Ward ward, Keyring keys) {
    this.region = region;
    this.target = target;
    this.incarnation = incarnation;
    this.home = home;
    this.replica = replica;
    this.ward = ward;
    this.keys = keys;
  }

  String region() {
    return region;
  }

  String target() {
    return target;
  }

  UUID incarnation() {
    return incarnation;
  }

  GuestHome home() {
    return home;
  }

  ReplicaTenant replica() {
    return replica;
  }

  /** From here on it is applied, and reported. */
  void begin(LocalApplySite site) {
    ward.enter(this);
    replica.onNews(() -> ward.news(this, replica.status().stopped()));
    replica.promotion().thenAccept(
        epoch -> {
          promoted = epoch;
          ward.news(this, true);
        });
    site.attach(replica);
  }

  void end() {
    replica.onNews(() -> {});
    ward.leave(this);
  }

  /** @param rekeyed whether there is a key that was not here before */
  void update(GivenTenant given, LocalApplySite site, boolean rekeyed) {
    if (given.revision() > revision) {
      revision = given.revision();
      replica.change(given.tenant());
      hold(given.hold());
      if (given.distrusted() > distrusted) {
        distrusted = given.distrusted();
        site.distrust(replica.id());
      }
    }
    if (rekeyed) {
      site.resume(replica.id());
    }
    ward.news(this, false);
  }

  private void hold(GivenTenant.@Nullable Hold wanted) {
    GivenTenant.Hold before = hold;
    hold = wanted;
    if (wanted == null) {
      if (before != null) {
        replica.release();
      }
    } else if (before == null || before.number() != wanted.number()) {
      replica
          .holdAt(wanted.at())
          .thenAccept(
              position -> {
                reached = new GivenTenant.Hold(wanted.number(), position);
                ward.news(this, true);
              });
    }
  }

  GuestStatus status() {
    AppliedStatus applied = replica.status();
    Lsn captured = new Lsn(home.frames().capturedUpTo());
    boolean known = !applied.position().equals(Lsn.INVALID);
    Lsn reached = Lsn.max(applied.position(), applied.caughtUpTo());
    return new GuestStatus(
        replica.tenant().name(),
        region,
        home.name().substring(GuestHome.name(region, "").length()),
        target,
        state(applied, known),
        replica.tenant().epoch(),
        known ? applied.position().toString() : null,
        captured.equals(Lsn.INVALID) ? null : captured.toString(),
        known && !captured.equals(Lsn.INVALID) ? Math.max(0, captured.bytesSince(reached)) : null,
        applied.lastCommitMicros() == 0 ? null : SourceClock.instant(applied.lastCommitMicros()),
        applied.error());
  }

  private static GuestStatus.State state(AppliedStatus applied, boolean known) {
    if (applied.stopped()) {
      return GuestStatus.State.FAILED;
    }
    if (applied.error() != null) {
      return GuestStatus.State.RETRYING;
    }
    return known ? GuestStatus.State.STREAMING : GuestStatus.State.STARTING;
  }

  ApplyReports.Report report() {
    GivenTenant.Hold held = reached;
    long epoch = promoted;
    return new ApplyReports.Report(
        replica.id(), incarnation, keys.generation(replica.id()), replica.status(), held.number(), held.at(), epoch);
  }
}
