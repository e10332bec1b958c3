package io.helios.repl.failover.coordination;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.KV;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The members of an etcd cluster, asked one after the other until one answers. With a client for each: one client for all of them stays with
 * a member that has gone silent until the network says so, and with leases of seconds that is too late. Any thread.
 */
final class EtcdMembers implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EtcdMembers.class);

  /** etcd ends connections that are pinged more often ({@code --grpc-keepalive-min-time}). */
  private static final Duration KEEPALIVE = Duration.ofSeconds(5);

  private final List<Client> clients = new ArrayList<>();
  private final List<URI> endpoints;
  private final Duration timeout;
  private final AtomicInteger preferred = new AtomicInteger();

  EtcdMembers(CoordinationSettings.Etcd settings) {
    this.endpoints = settings.endpoints();
    this.timeout = settings.timeout();
    try {
      for (URI endpoint : endpoints) {
        clients.add(builder(settings, endpoint).build());
      }
    } catch (IOException e) {
      close();
      throw new OperatorException(
          new Problem(
              ErrorCode.COORDINATION_REFUSED,
              "a file of etcd: cannot be used",
              e instanceof SSLException ? "ca, certificate and key are PEM, and belong together" : "it cannot be read",
              "see ca, certificate, key and password-file of etcd: in the configuration"),
          e);
    }
  }

  private static ClientBuilder builder(CoordinationSettings.Etcd settings, URI endpoint) throws IOException {
    ClientBuilder builder =
        Client.builder()
            .endpoints(endpoint)
            .waitForReady(false)
            // Once more: with users, a token that has expired is refused first.
            .retryMaxAttempts(1)
            .retryDelay(20)
            .retryMaxDelay(50)
            .connectTimeout(settings.timeout())
            .keepaliveTime(KEEPALIVE)
            .keepaliveTimeout(settings.timeout());
    if (settings.user() != null && settings.passwordFile() != null) {
      String password = Files.readString(settings.passwordFile()).lines().findFirst().orElse("");
      builder.user(ByteSequence.from(settings.user(), UTF_8)).password(ByteSequence.from(password, UTF_8));
    }
    if ("https".equalsIgnoreCase(endpoint.getScheme())) {
      builder.authority(endpoint.getHost() + ":" + endpoint.getPort());
      builder.sslContext(
          tls -> {
            if (settings.ca() != null) {
              tls.trustManager(settings.ca().toFile());
            }
            if (settings.certificate() != null && settings.key() != null) {
              tls.keyManager(settings.certificate().toFile(), settings.key().toFile());
            }
          });
    }
    return builder;
  }

  /** Asks what may be asked twice: each member has its part of the time. */
  <T> T ask(Function<KV, CompletableFuture<T>> question) {
    Duration part = timeout.dividedBy(clients.size());
    HeliosException last = null;
    for (int i = 0; i < clients.size(); i++) {
      int member = preferred.get();
      try {
        return call(member, question, part);
      } catch (TransientException e) {
        last = e;
        leave(member);
      }
    }
    throw last == null ? new IllegalStateException("etcd without members") : last;
  }

  /** Orders what must not be ordered twice: nobody could tell whose the second answer is. The next call goes to another member. */
  <T> T order(Function<KV, CompletableFuture<T>> order) {
    int member = preferred.get();
    try {
      return call(member, order, timeout);
    } catch (TransientException e) {
      leave(member);
      throw e;
    }
  }

  private void leave(int member) {
    preferred.compareAndSet(member, (member + 1) % clients.size());
  }

  private <T> T call(int member, Function<KV, CompletableFuture<T>> call, Duration patience) {
    CompletableFuture<T> answer = call.apply(clients.get(member).getKVClient());
    try {
      return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw unavailable(member, "no answer within " + patience.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      throw failed(member, e);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw unavailable(member, "the wait for an answer was interrupted", e);
    }
  }

  private HeliosException failed(int member, ExecutionException e) {
    Status status = innermost(e);
    String why = status.getDescription() == null ? status.getCode().name() : status.getDescription();
    return switch (status.getCode()) {
      case PERMISSION_DENIED, UNAUTHENTICATED, INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED ->
          new OperatorException(
              new Problem(
                  ErrorCode.COORDINATION_REFUSED,
                  "etcd at " + place(member) + " refuses us",
                  why,
                  "see username, password-file and prefix of etcd: in the configuration, and what the role may: etcdctl role get ROLE"),
              e);
      default -> unavailable(member, why, e);
    };
  }

  /** A login that fails, for whatever reason, is told as UNAUTHENTICATED; the reason is below. */
  private static Status innermost(Throwable e) {
    Status found = Status.UNKNOWN;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof StatusRuntimeException told) {
        found = told.getStatus();
      }
    }
    return found;
  }

  private TransientException unavailable(int member, String why, Exception cause) {
    return new TransientException(
        new Problem(
            ErrorCode.COORDINATION_UNAVAILABLE,
            "no quorum of etcd answers at " + place(member),
            why,
            "ETCDCTL_API=3 etcdctl --endpoints=" + String.join(",", endpoints.stream().map(URI::toString).toList()) + " endpoint health"),
        cause);
  }

  private String place(int member) {
    return endpoints.get(member).getHost() + ":" + endpoints.get(member).getPort();
  }

  /** Waits for nothing: calls under way fail. */
  @Override
  public void close() {
    for (Client client : clients) {
      try {
        client.close();
      } catch (RuntimeException e) {
        LOG.warn("while leaving etcd: {}", e.getMessage(), e);
      }
    }
  }
}
