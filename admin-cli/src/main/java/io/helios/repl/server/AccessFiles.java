package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.FleetEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Takes over certificates, keys and tokens whose files have changed, so that renewing one needs no restart. What cannot be used is
 * told, and what was there before stays: of a certificate and its key one is always written first. Its own thread looks; nothing
 * depends on a file system that tells of changes, which network and container volumes do not.
 */
final class AccessFiles implements AutoCloseable {

  private static final Duration EVERY = Duration.ofSeconds(5);

  private interface Taking {
    void take() throws IOException;
  }

  /** Files that are taken over together. One thread. */
  private static final class Watched {
    private final String what;
    private final List<Path> files;
    private final Taking taking;
    private String taken;
    private String seen;

    Watched(String what, List<Path> files, Taking taking) {
      this.what = what;
      this.files = files;
      this.taking = taking;
      this.taken = print();
      this.seen = taken;
    }

    /** Of what is in the files, all together. */
    String print() {
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (Path file : files) {
          byte[] content = content(file);
          digest.update((content.length + "\n").getBytes(StandardCharsets.US_ASCII));
          digest.update(content);
        }
        return HexFormat.of().formatHex(digest.digest());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    /** One that is missing for a moment, while it is replaced, is as good as empty. */
    private static byte[] content(Path file) {
      try {
        return Files.readAllBytes(file);
      } catch (IOException e) {
        return new byte[0];
      }
    }
  }

  private final List<Watched> watched = new ArrayList<>();
  private final Consumer<FleetEvent> events;
  private final Thread looking;
  private volatile boolean closing;

  AccessFiles(
      ApiAccess access, @Nullable TlsConnector tls, Authentication authentication, Consumer<FleetEvent> events) {
    this.events = events;
    ApiAccess.Tls named = access.tls();
    if (named != null && tls != null) {
      watched.add(
          new Watched(
              "the API's certificate",
              Stream.of(named.certificate(), named.key(), named.clientCa()).filter(Objects::nonNull).toList(),
              tls::reload));
    }
    for (ApiAccess.Token token : access.tokens()) {
      watched.add(
          new Watched("the token of " + token.name(), List.of(token.file()), () -> authentication.replace(token.renewed())));
    }
    this.looking = Thread.ofVirtual().name("helios-access-files").unstarted(this::lookAgainAndAgain);
  }

  void start() {
    if (!watched.isEmpty()) {
      looking.start();
    }
  }

  private void lookAgainAndAgain() {
    try {
      while (!closing) {
        Thread.sleep(EVERY);
        watched.forEach(this::look);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What cannot be used is tried again once it has changed again; that it is so is told once. */
  private void look(Watched one) {
    String now = one.print();
    if (now.equals(one.taken) || now.equals(one.seen)) {
      one.seen = now;
      return;
    }
    one.seen = now;
    try {
      one.taking.take();
      one.taken = now;
      tell(FleetEvent.Severity.INFO, one.what + " was renewed and is in use", null);
    } catch (HeliosException e) {
      tell(FleetEvent.Severity.WARN, one.what + " has changed and cannot be used; the one before stays: " + e.problem().message(), e.problem());
    } catch (IOException e) {
      tell(FleetEvent.Severity.WARN, one.what + " has changed and cannot be read; the one before stays: " + e.getClass().getSimpleName(), null);
    }
  }

  private void tell(FleetEvent.Severity severity, String message, @Nullable Problem problem) {
    events.accept(new FleetEvent(Instant.now(), severity, null, "access-files", message, problem));
  }

  @Override
  public void close() {
    closing = true;
    looking.interrupt();
  }
}
