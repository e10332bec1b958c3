package io.helios.repl.pki;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * The region that a certificate stands for: a URI among its alternative names (RFC 5280, 4.2.1.6), {@code
 * helios-repl:region/eu-central-1}. A certificate that names one is a server's, and never a person's.
 */
public final class RegionNames {

  /** In words, for messages. */
  public static final String RULE = "a region's name is 1 to 63 letters, digits, dots, underscores and hyphens, beginning with a letter or digit";

  private static final String PREFIX = "helios-repl:region/";

  private RegionNames() {}

  public static boolean isValid(String region) {
    return region.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  }

  /** As it stands in a certificate. */
  public static String uri(String region) {
    return PREFIX + region;
  }

  static Optional<String> ofUri(String uri) {
    return uri.startsWith(PREFIX) && isValid(uri.substring(PREFIX.length()))
        ? Optional.of(uri.substring(PREFIX.length()))
        : Optional.empty();
  }

  /** Whether anything in it claims to be a region, well-formed or not: such a certificate is nobody's but a server's. */
  public static boolean claimed(X509Certificate certificate) {
    return uris(certificate).stream().anyMatch(uri -> uri.startsWith(PREFIX));
  }

  /** The one region that it names; empty when it names none, or more than one. */
  public static Optional<String> of(X509Certificate certificate) {
    List<String> claims = uris(certificate).stream().filter(uri -> uri.startsWith(PREFIX)).toList();
    return claims.size() == 1 ? ofUri(claims.getFirst()) : Optional.empty();
  }

  private static List<String> uris(X509Certificate certificate) {
    try {
      var names = certificate.getSubjectAlternativeNames();
      return names == null
          ? List.of()
          : names.stream()
              .filter(n -> n.getFirst() instanceof Integer kind && kind == GeneralName.uniformResourceIdentifier)
              .map(n -> String.valueOf(n.get(1)))
              .toList();
    } catch (CertificateParsingException e) {
      return List.of(); // names that cannot be read name nobody
    }
  }
}
