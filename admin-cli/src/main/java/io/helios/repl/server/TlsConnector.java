package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.ListenAddress;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
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
 * a certificate of it, which then stands for a token; one of another authority ends the handshake.
 */
final class TlsConnector {

  private static final char[] NO_PASSWORD = new char[0];

  private final ApiAccess.Tls files;
  private final SslContextFactory.Server ssl = new SslContextFactory.Server();

  private TlsConnector(ApiAccess.Tls files) {
    this.files = files;
    ssl.setIncludeProtocols("TLSv1.3", "TLSv1.2");
  }

  /** Reads the files. Throws {@link OperatorException} (HR-9028) when they cannot be used. */
  static TlsConnector of(ApiAccess.Tls tls) {
    TlsConnector connector = new TlsConnector(tls);
    Stores.read(tls).into(connector.ssl);
    return connector;
  }

  /**
   * Reads the files anew; handshakes from now on go by them, connections that are open go on. Throws {@link OperatorException}
   * (HR-9028) when they cannot be used, and all stays as it was.
   */
  void reload() {
    Stores stores = Stores.read(files);
    try {
      ssl.reload(stores::into);
    } catch (Exception e) {
      throw unusable(files.certificate(), e.getClass().getSimpleName() + " when it was put in use", "put the file before back");
    }
  }

  /** @param trusted the clients' authorities; null when clients need none */
  private record Stores(KeyStore own, @Nullable KeyStore trusted) {

    static Stores read(ApiAccess.Tls tls) {
      List<X509Certificate> chain = certificates(tls.certificate());
      PrivateKey key = key(tls.key());
      if (!fits(key, chain.getFirst())) {
        throw unusable(tls.key(), "it is not the key of " + tls.certificate(), "name the key that the certificate was asked for with");
      }
      try {
        KeyStore own = empty();
        own.setKeyEntry("server", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
        KeyStore trusted = null;
        Path clientCa = tls.clientCa();
        if (clientCa != null) {
          trusted = empty();
          List<X509Certificate> authorities = certificates(clientCa);
          for (int i = 0; i < authorities.size(); i++) {
            trusted.setCertificateEntry("ca-" + i, authorities.get(i));
          }
        }
        return new Stores(own, trusted);
      } catch (GeneralSecurityException | IOException e) {
        throw unusable(tls.certificate(), String.valueOf(e.getMessage()), "see whether the files are whole: openssl x509 -in FILE -text");
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

  private static List<X509Certificate> certificates(Path file) {
    try (var in = Files.newInputStream(file)) {
      List<X509Certificate> all =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream().map(X509Certificate.class::cast).toList();
      if (!all.isEmpty()) {
        return all;
      }
    } catch (IOException | GeneralSecurityException e) {
      throw unusable(file, "it cannot be read as certificates: " + e.getMessage(), "name a PEM file that begins with -----BEGIN CERTIFICATE-----");
    }
    throw unusable(file, "there is no certificate in it", "name a PEM file that begins with -----BEGIN CERTIFICATE-----");
  }

  private static PrivateKey key(Path file) {
    String hint = "name a PEM file with a key in clear, readable by this server alone: openssl pkey -in FILE -out KEY";
    try (PEMParser parser = new PEMParser(Files.newBufferedReader(file, StandardCharsets.US_ASCII))) {
      JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
      for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
        switch (found) {
          case PrivateKeyInfo key -> {
            return converter.getPrivateKey(key);
          }
          case PEMKeyPair pair -> {
            return converter.getKeyPair(pair).getPrivate();
          }
          default -> {}
        }
      }
    } catch (IOException e) {
      // Its message may hold a part of the file.
      throw unusable(file, "it cannot be read as a private key (" + e.getClass().getSimpleName() + ")", hint);
    }
    throw unusable(file, "there is no private key in clear in it", hint);
  }

  /** What the one signs the other must verify. */
  private static boolean fits(PrivateKey key, X509Certificate certificate) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC", "ECDSA" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    try {
      byte[] text = {1, 2, 3};
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(key);
      signing.update(text);
      Signature verifying = Signature.getInstance(algorithm);
      verifying.initVerify(certificate.getPublicKey());
      verifying.update(text);
      return verifying.verify(signing.sign());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static OperatorException unusable(Path file, String why, String hint) {
    return new OperatorException(new Problem(ErrorCode.TLS_UNUSABLE, file + " cannot be used for TLS", why, hint));
  }
}
