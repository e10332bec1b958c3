package io.helios.repl.client;

import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.jspecify.annotations.Nullable;

/** TLS as a context asks for it: whom to trust, and as whom to appear. Reads PEM files; keeps nothing. */
final class TlsFiles {

  private static final char[] NO_PASSWORD = new char[0];

  private TlsFiles() {}

  /** Throws {@link FailedException} (HR-1210) when a file cannot be used. Null stands for the Java runtime's own way. */
  static SSLContext context(ServerContext context) {
    try {
      SSLContext tls = SSLContext.getInstance("TLS");
      TrustManagerFactory trust = null;
      KeyManagerFactory own = null;
      if (context.ca() != null) {
        KeyStore authorities = empty();
        int number = 0;
        for (Certificate authority : certificates(context.ca())) {
          authorities.setCertificateEntry("ca-" + number++, authority);
        }
        trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
      }
      if (context.certificate() != null && context.key() != null) {
        KeyStore identity = empty();
        identity.setKeyEntry(
            "own", key(context.key()), NO_PASSWORD, certificates(context.certificate()).toArray(Certificate[]::new));
        own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(identity, NO_PASSWORD);
      }
      tls.init(own == null ? null : own.getKeyManagers(), trust == null ? null : trust.getTrustManagers(), null);
      return tls;
    } catch (GeneralSecurityException | IOException e) {
      throw unusable(
          "the certificates of context \"" + context.name() + "\" cannot be used",
          "the key is not that of the certificate, or of a kind that this Java does not know",
          e);
    }
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      Collection<? extends Certificate> found = CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (!found.isEmpty()) {
        return found;
      }
      throw unusable(file + " holds no certificate", "it is empty", null);
    } catch (CertificateException e) {
      throw unusable(file + " holds no certificates in PEM", "it is something else, or damaged", e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static PrivateKey key(Path file) {
    try (Reader reader = Files.newBufferedReader(file);
        PEMParser parser = new PEMParser(reader)) {
      Object found = parser.readObject();
      while (found != null) {
        if (found instanceof PrivateKeyInfo info) {
          return new JcaPEMKeyConverter().getPrivateKey(info);
        }
        if (found instanceof PEMKeyPair pair) {
          return new JcaPEMKeyConverter().getPrivateKey(pair.getPrivateKeyInfo());
        }
        found = parser.readObject();
      }
    } catch (FileSystemException e) {
      throw unreadable(file, e);
    } catch (IOException e) {
      throw unusable(file + " holds no private key in PEM", "it is something else, or damaged", e);
    }
    throw unusable(file + " holds no private key that can be used", "there is none in it, or it is encrypted", null);
  }

  private static FailedException unreadable(Path file, IOException e) {
    return unusable(
        file + " cannot be read", "it is missing, or not readable by " + System.getProperty("user.name"), e);
  }

  private static FailedException unusable(String what, String why, @Nullable Throwable cause) {
    return new FailedException(
        ExitCode.USAGE,
        List.of(
            Failure.of(
                ErrorCode.CLIENT_TLS_FILES, what, why, "helios-repl context list -o wide shows the files of each context")),
        cause);
  }
}
