package io.helios.repl.peer;

import java.security.cert.CertificateException;

/** Who answers is trusted, and is not the region that was called: nothing is said to him. */
final class OtherRegionException extends CertificateException {

  private static final long serialVersionUID = 1L;

  private final String named;

  /** @param named the region of its certificate; "none" when it names none */
  OtherRegionException(String named) {
    super("the certificate's region is " + named);
    this.named = named;
  }

  String named() {
    return named;
  }
}
