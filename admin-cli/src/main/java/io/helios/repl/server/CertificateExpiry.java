package io.helios.repl.server;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Whether a file's certificates expire soon. */
final class CertificateExpiry {

  private static final Duration SOON = Duration.ofDays(30);

  private CertificateExpiry() {}

  /**
   * A certificate with those that vouch for it: all of them have to hold.
   *
   * @param use what it is for, for example {@code sslcert of source "shop"}
   * @return nothing also when the file is not one of certificates: who uses it says so
   */
  static Optional<Finding> ofChain(String use, Path file, Instant now) {
    return ends(file).stream().min(Comparator.naturalOrder()).flatMap(first -> finding(use, file, first, now));
  }

  /**
   * Certificates of which any may vouch for others. Old ones stay in such files: only where none is left is that an error.
   *
   * @see #ofChain
   */
  static Optional<Finding> ofAuthorities(String use, Path file, Instant now) {
    List<Instant> all = ends(file);
    return all.stream()
        .filter(end -> end.isAfter(now))
        .min(Comparator.naturalOrder())
        .or(() -> all.stream().max(Comparator.naturalOrder()))
        .flatMap(first -> finding(use, file, first, now));
  }

  /** When the first of a file's certificates ends; nothing when it is not a file of certificates. */
  static Optional<Instant> first(Path file) {
    return ends(file).stream().min(Comparator.naturalOrder());
  }

  private static List<Instant> ends(Path file) {
    List<Instant> all = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        if (certificate instanceof X509Certificate x509) {
          all.add(x509.getNotAfter().toInstant());
        }
      }
    } catch (IOException | CertificateException e) {
      return List.of();
    }
    return all;
  }

  private static Optional<Finding> finding(String use, Path file, Instant ends, Instant now) {
    if (ends.isAfter(now.plus(SOON))) {
      return Optional.empty();
    }
    boolean over = !ends.isAfter(now);
    return Optional.of(
        new Finding(
            over ? Severity.ERROR : Severity.WARN,
            ErrorCode.CERTIFICATE_EXPIRES,
            "the certificate for " + use + (over ? " expired on " : " expires on ") + Documents.time(ends),
            "connections with it are refused from then on",
            "renew " + file + ", which is then taken over without a restart; what is in it: openssl x509 -noout -subject -dates -in " + file));
  }
}
