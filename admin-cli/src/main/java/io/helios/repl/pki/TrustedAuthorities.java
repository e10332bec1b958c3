package io.helios.repl.pki;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Authorities that are trusted, and none besides them. A server that listens trusts in its handshakes whoever any of its peers' or
 * clients' authorities has signed; which of them vouches for whom is asked here afterwards. Thread-safe.
 */
public final class TrustedAuthorities {

  private static final char[] NO_PASSWORD = new char[0];

  private final KeyStore store;
  private final X509ExtendedTrustManager manager;

  private TrustedAuthorities(KeyStore store, X509ExtendedTrustManager manager) {
    this.store = store;
    this.manager = manager;
  }

  /** All that are in these files. Throws {@link io.helios.repl.error.OperatorException} (HR-9028) when one cannot be used. */
  public static TrustedAuthorities of(Collection<Path> files) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, NO_PASSWORD);
      for (Path file : files) {
        for (X509Certificate authority : PemFiles.certificates(file)) {
          store.setCertificateEntry("ca-" + store.size(), authority);
        }
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      return new TrustedAuthorities(store, (X509ExtendedTrustManager) factory.getTrustManagers()[0]);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("the JDK refuses certificates that it has read", e);
    }
  }

  public static TrustedAuthorities of(Path file) {
    return of(List.of(file));
  }

  /** For what wants them in this form. */
  public KeyStore store() {
    return store;
  }

  public X509ExtendedTrustManager manager() {
    return manager;
  }

  /** Whether one of them vouches, now, for a caller with this certificate. */
  public boolean vouchFor(X509Certificate[] chain) {
    try {
      manager.checkClientTrusted(chain, "UNKNOWN");
      return true;
    } catch (CertificateException e) {
      return false; // another authority's, over, or not for callers
    }
  }
}
