package io.helios.repl.peer;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.PeerSettings;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.pki.PemFiles;
import io.helios.repl.pki.RegionNames;
import io.helios.repl.pki.TrustedAuthorities;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** The certificate and key that this server calls its peers with: those that it serves with. Thread-safe. */
public final class ServerIdentity {

  private static final char[] NO_PASSWORD = new char[0];

  private final KeyManager[] keys;

  private ServerIdentity(KeyManager[] keys) {
    this.keys = keys;
  }

  /**
   * Reads the files.
   *
   * @param region this server's own
   * @throws OperatorException (HR-9117) when peers would not know it by this certificate
   */
  public static ServerIdentity of(ApiAccess.Tls tls, String region) {
    List<X509Certificate> chain = PemFiles.certificates(tls.certificate());
    String named = RegionNames.of(chain.getFirst()).orElse("none");
    if (!named.equals(region)) {
      throw new OperatorException(
          new Problem(
              ErrorCode.PEER_OWN_CERTIFICATE,
              tls.certificate() + " is not a certificate of region \"" + region + "\"",
              "the region that it names is " + named + "; peers know a server by it",
              "helios-repl server pki request --name NAME --region " + region + " --host HOST, then have it signed; or mend region:"));
    }
    try {
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, NO_PASSWORD);
      own.setKeyEntry("own", PemFiles.key(tls.key()), NO_PASSWORD, chain.toArray(Certificate[]::new));
      KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(own, NO_PASSWORD);
      return new ServerIdentity(factory.getKeyManagers());
    } catch (GeneralSecurityException | IOException e) {
      throw PemFiles.unusable(tls.certificate(), String.valueOf(e.getMessage()), "see whether the files are whole: openssl x509 -in FILE -text");
    }
  }

  /** For calls to one peer, and no other. */
  SSLContext toward(PeerSettings peer) {
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      tls.init(
          keys, new TrustManager[] {new RegionTrust(TrustedAuthorities.of(peer.ca()).manager(), peer.region())}, null);
      return tls;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK has no TLS", e);
    }
  }
}
