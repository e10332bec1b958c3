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

/** Whether a file's certificates expire soon. */
final class CertificateExpiry {

  private static final Duration SOON = Duration.ofDays(30);

  private CertificateExpiry() {}

  /**
   * One finding for the certificate of the file that expires first; none when that is far away, or when the file is not one of
   * certificates: who uses it says so.
   *
   * @param use what it is for, for example {@code sslcert of source "shop"}
   */
  static List<Finding> look(String use, Path file, Instant now) {
    Instant ends;
    try (InputStream in = Files.newInputStream(file)) {
      List<Instant> all = new ArrayList<>();
      for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        if (certificate instanceof X509Certificate x509) {
          all.add(x509.getNotAfter().toInstant());
        }
      }
      if (all.isEmpty()) {
        return List.of();
      }
      ends = all.stream().min(Comparator.naturalOrder()).orElseThrow();
    } catch (IOException | CertificateException e) {
      return List.of();
    }
    if (ends.isAfter(now.plus(SOON))) {
      return List.of();
    }
    boolean over = !ends.isAfter(now);
    return List.of(
        new Finding(
            over ? Severity.ERROR : Severity.WARN,
            ErrorCode.CERTIFICATE_EXPIRES,
            "the certificate for " + use + (over ? " has expired on " : " expires on ") + Documents.time(ends),
            "connections with it are refused from then on",
            "renew " + file + ", then restart the server; what is in it: openssl x509 -noout -subject -dates -in " + file));
  }
}
