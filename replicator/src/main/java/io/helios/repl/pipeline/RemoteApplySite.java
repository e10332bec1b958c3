package io.helios.repl.pipeline;

import io.helios.repl.apply.Replica;
import io.helios.repl.apply.Replicated;
import io.helios.repl.error.Backoff;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.relay.FrameSource;
import io.helios.repl.seal.KeyTransfer;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.status.StageTimes;
import io.helios.repl.tenant.Tenant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A target whose tenants the server of its own region applies. What is wanted of them is told there until it is known there, each time all
 * of it; how they are comes back by requests that wait there for news. That server keeps nothing: whenever it begins anew, or lacks a tenant, or
 * has one that it should not have, its answer shows it, and it is told again. So neither a restart of either nor a line that was cut needs
 * anything else. Any thread.
 */
final class RemoteApplySite implements ApplySite {

  private static final Logger LOG = LoggerFactory.getLogger(RemoteApplySite.class);
  private static final int TELLERS = 4;
  private static final Backoff RETRY = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5));
  private static final Duration NEWS_WAIT = Duration.ofSeconds(20);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String region;
  private final String target;
  private final Function<String, @Nullable ApplyPeer> peers;
  private final Keyring keyring;
  private final KeyTransfer keys;
  private final Map<UUID, RemoteReplica> given = new ConcurrentHashMap<>();
  private final Map<Errand.TakeBack, CompletableFuture<Void>> returning = new ConcurrentHashMap<>();
  private final Errands errands;
  private final StageTimes shipping = new StageTimes();
  private final StageTimes applying = new StageTimes();
  private final List<Thread> threads = new ArrayList<>();
  private volatile @Nullable Problem away;

  /**
   * @param region the peer's
   * @param target its name there
   * @param peers by region; null for one that is none
   */
  RemoteApplySite(
      String region, String target, Function<String, @Nullable ApplyPeer> peers, Keyring keyring, Ticker ticker) {
    this.region = region;
    this.target = target;
    this.peers = peers;
    this.keyring = keyring;
    this.keys = new KeyTransfer(keyring);
    this.errands = new Errands(ticker, RETRY);
  }

  String region() {
    return region;
  }

  /** Whether that server has been given the tenant: then it may have its frames. */
  boolean gives(UUID tenant) {
    return given.containsKey(tenant);
  }

  @Override
  public void start() {
    for (int i = 1; i <= TELLERS; i++) {
      threads.add(Thread.ofVirtual().name("helios-give-" + target + "-" + i).start(this::tell));
    }
    threads.add(Thread.ofVirtual().name("helios-reports-" + target).start(() -> listen(false)));
    threads.add(Thread.ofVirtual().name("helios-urgent-" + target).start(() -> listen(true)));
  }

  @Override
  public Replica attach(Tenant tenant, Replicated what, FrameSource frames) {
    Errand give = new Errand.Give(tenant.id());
    RemoteReplica replica = new RemoteReplica(tenant, what, () -> errands.add(give));
    if (given.putIfAbsent(tenant.id(), replica) != null) {
      throw new IllegalStateException("tenant " + tenant.id() + " is given already");
    }
    errands.add(give);
    return replica;
  }

  /**
   * From here on the tenant's frames are served to that server no more. Where it is out of reach this does not wait for ever: an applier that
   * goes on with what it has of them changes nothing but what its position and epoch at the target allow.
   */
  @Override
  public void detach(UUID tenant) throws InterruptedException {
    RemoteReplica replica = given.remove(tenant);
    if (replica == null) {
      return;
    }
    Errand.TakeBack back = new Errand.TakeBack(tenant, replica.incarnation());
    CompletableFuture<Void> done = new CompletableFuture<>();
    returning.put(back, done);
    errands.add(back);
    try {
      done.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.warn("region \"{}\" has not yet said that it applies tenant {} no more; it is asked again until it does", region, tenant);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** That server hears of frames by itself. */
  @Override
  public void signal(UUID tenant) {}

  @Override
  public void distrust(UUID tenant) {
    RemoteReplica replica = given.get(tenant);
    if (replica != null) {
      replica.distrust();
    }
  }

  @Override
  public void rekeyed(UUID tenant) {
    if (given.containsKey(tenant)) {
      errands.add(new Errand.Give(tenant));
    }
  }

  private ApplyPeer peer() {
    ApplyPeer found = peers.apply(region);
    if (found == null) {
      throw new OperatorException(
          new Problem(
              ErrorCode.PEER_NOT_CONFIGURED,
              "region \"" + region + "\" of target \"" + target + "\" is no peer of this server",
              "the server's configuration does not name it",
              "peers: { " + region + ": { url: …, ca: FILE } }, then restart this server"));
    }
    return found;
  }

  /** One of several threads: what is wanted, to the peer. */
  private void tell() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        Errand errand = errands.take();
        try {
          run(errand);
          errands.done(errand);
        } catch (HeliosException e) {
          LOG.debug("region {}: {} is tried again", region, errand, e);
          RemoteReplica replica = errand instanceof Errand.Give ? given.get(errand.tenant()) : null;
          if (replica != null) {
            replica.notGiven(e.problem());
          }
          errands.again(errand);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void run(Errand errand) throws InterruptedException {
    switch (errand) {
      case Errand.Give(UUID tenant) -> {
        RemoteReplica replica = given.get(tenant);
        if (replica != null) {
          ApplyPeer peer = peer();
          List<SealedKey> sealed = new ArrayList<>();
          for (int generation = 1; generation <= keyring.generation(tenant); generation++) {
            sealed.add(peer.seal(keys, tenant, generation));
          }
          peer.give(target, replica.given(sealed));
        }
      }
      case Errand.TakeBack back -> {
        peer().takeBack(target, back.tenant(), back.incarnation());
        CompletableFuture<Void> waiting = returning.remove(back);
        if (waiting != null) {
          waiting.complete(null);
        }
      }
    }
  }

  /** One thread each for what is urgent and what is not: how tenants are, from the peer. */
  private void listen(boolean urgent) {
    UUID boot = ApplyReports.NO_BOOT;
    long version = 0;
    int failures = 0;
    try {
      while (!Thread.currentThread().isInterrupted()) {
        try {
          ApplyReports news = peer().reports(target, boot, version, urgent, NEWS_WAIT);
          note(news);
          boot = news.boot();
          version = news.version();
          away = null;
          if (failures > 0) {
            failures = 0;
            errands.hurry();
          }
        } catch (HeliosException e) {
          failures++;
          if (failures > 1) {
            away = e.problem(); // once is what a proxy does to a request that has waited too long for it
          }
          LOG.debug("region {} does not say how tenants are at target {}", region, target, e);
          Thread.sleep(RETRY.pause(failures));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void note(ApplyReports news) {
    Set<UUID> known = new HashSet<>();
    for (ApplyReports.Report report : news.reports()) {
      RemoteReplica replica = given.get(report.tenant());
      if (replica == null || !replica.incarnation().equals(report.incarnation())) {
        errands.add(new Errand.TakeBack(report.tenant(), report.incarnation()));
      } else {
        known.add(report.tenant());
        replica.reported(report);
        if (report.keys() < keyring.generation(report.tenant())) {
          errands.add(new Errand.Give(report.tenant()));
        }
      }
    }
    if (news.all()) {
      given.keySet().stream().filter(tenant -> !known.contains(tenant)).map(Errand.Give::new).forEach(errands::add);
    }
  }

  @Override
  public @Nullable Problem problem() {
    return away;
  }

  @Override
  public StageTimes shipping() {
    return shipping;
  }

  @Override
  public StageTimes applying() {
    return applying;
  }

  @Override
  public int waiting() {
    return 0;
  }

  @Override
  public String way() {
    return "to region " + region;
  }

  /** What was given stays: a server that begins anew gives it anew. */
  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
    try {
      for (Thread thread : threads) {
        if (!thread.join(PATIENCE)) {
          LOG.warn("{} does not end; it is left behind", thread.getName());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
