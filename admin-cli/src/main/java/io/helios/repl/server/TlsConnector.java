package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.PeerSettings;
import io.helios.repl.error.OperatorException;
import io.helios.repl.pki.PemFiles;
import io.helios.repl.pki.TrustedAuthorities;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * HTTPS from PEM files, as certificate authorities hand them out: TLS 1.2 and 1.3. With a clients' authority a client may show
 * a certificate of it, which then stands for a token; a peer shows one of its own authority. Any other's ends the handshake;
 * which of these authorities vouches for whom is for {@link Authentication} and {@link PeerGate} to ask.
 */
final class TlsConnector {

  private static final char[] NO_PASSWORD = new char[0];

  private final ApiAccess.Tls files;
  private final List<PeerSettings> peers;
  private final SslContextFactory.Server ssl = new SslContextFactory.Server();

  private TlsConnector(ApiAccess.Tls files, List<PeerSettings> peers) {
    this.files = files;
    this.peers = peers;
    ssl.setIncludeProtocols("TLSv1.3", "TLSv1.2");
  }

  /** Reads the files. Throws {@link OperatorException} (HR-9028) when they cannot be used. */
  static TlsConnector of(ApiAccess.Tls tls, List<PeerSettings> peers) {
    TlsConnector connector = new TlsConnector(tls, peers);
    Stores.read(tls, peers).into(connector.ssl);
    return connector;
  }

  /**
   * Reads the files anew; handshakes from now on go by them, connections that are open go on. Throws {@link OperatorException}
   * (HR-9028) when they cannot be used, and all stays as it was.
   */
  void reload() {
    Stores stores = Stores.read(files, peers);
    try {
      ssl.reload(stores::into);
    } catch (Exception e) {
      throw PemFiles.unusable(
          files.certificate(), e.getClass().getSimpleName() + " when it was put in use", "put the file before back");
    }
  }

  /** @param trusted authorities of clients and peers; null when clients need none */
  private record Stores(KeyStore own, @Nullable KeyStore trusted) {

    static Stores read(ApiAccess.Tls tls, List<PeerSettings> peers) {
      List<X509Certificate> chain = PemFiles.certificates(tls.certificate());
      PrivateKey key = PemFiles.key(tls.key());
      if (!PemFiles.fits(key, chain.getFirst())) {
        throw PemFiles.unusable(tls.key(), "it is not the key of " + tls.certificate(), "name the key that the certificate was asked for with");
      }
      Set<Path> authorities = new LinkedHashSet<>();
      peers.forEach(peer -> authorities.add(peer.ca()));
      Path clientCa = tls.clientCa();
      if (clientCa != null) {
        authorities.add(clientCa);
      }
      try {
        KeyStore own = empty();
        own.setKeyEntry("server", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
        return new Stores(own, authorities.isEmpty() ? null : TrustedAuthorities.of(authorities).store());
      } catch (GeneralSecurityException | IOException e) {
        throw PemFiles.unusable(tls.certificate(), String.valueOf(e.getMessage()), "see whether the files are whole: openssl x509 -in FILE -text");
      }
    }

    void into(SslContextFactory ssl) {
      ssl.setKeyStore(own);
      ssl.setKeyStorePassword("");
      if (trusted != null) {
        ssl.setTrustStore(trusted);
        ((SslContextFactory.Server) ssl).setWantClientAuth(true);
      }
    }
  }

  ServerConnector connector(Server server, HttpConfiguration http, ListenAddress address) {
    HttpConfiguration https = new HttpConfiguration(http);
    // Clients that reach it by an address or another name judge the certificate themselves.
    https.addCustomizer(new SecureRequestCustomizer(false));
    ServerConnector connector =
        new ServerConnector(server, new SslConnectionFactory(ssl, "http/1.1"), new HttpConnectionFactory(https));
    connector.setHost(address.host());
    connector.setPort(address.port());
    return connector;
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }
}
