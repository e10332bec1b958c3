package io.helios.repl.pki;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** Certificates and keys in PEM, as authorities hand them out. Every refusal names the file (HR-9028). Keeps nothing. Any thread. */
public final class PemFiles {

  private PemFiles() {}

  /** All certificates of a file, at least one, in its order. Throws {@link OperatorException}. */
  public static List<X509Certificate> certificates(Path file) {
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

  /** The private key of a file; it must not be encrypted. Throws {@link OperatorException}. */
  public static PrivateKey key(Path file) {
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

  /** Whether they belong together: what the one signs the other must verify. */
  public static boolean fits(PrivateKey key, X509Certificate certificate) {
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

  /** What is thrown for a file of this kind (HR-9028). */
  public static OperatorException unusable(Path file, String why, String hint) {
    return new OperatorException(new Problem(ErrorCode.TLS_UNUSABLE, file + " cannot be used for TLS", why, hint));
  }
}
