package io.helios.repl.pki;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * An authority of one's own, in a directory: {@code ca.crt}, which servers are told to trust, and {@code ca.key}, which signs and is
 * needed for nothing else. One thread.
 */
public final class CertificateAuthority {

  /** How far other machines' clocks may be behind when they see a new certificate. */
  private static final Duration CLOCKS = Duration.ofHours(1);

  private static final Duration OWN_LIFETIME = Duration.ofDays(3652);
  private static final int SERIAL_BITS = 127;

  private final X509Certificate certificate;
  private final PrivateKey key;

  private CertificateAuthority(X509Certificate certificate, PrivateKey key) {
    this.certificate = certificate;
    this.key = key;
  }

  /**
   * Makes one: a key on P-256 and a certificate for ten years.
   *
   * @return its certificate's file
   * @throws OperatorException (HR-9101) when the directory has one already
   */
  public static Path make(Path directory, String name, Instant now) {
    Path file = certificateFile(directory);
    OwnFiles.requireAbsent(file);
    KeyPair pair = OwnFiles.newKeys();
    X500Name subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, name).build();
    try {
      JcaX509v3CertificateBuilder made = certificate(subject, subject, pair.getPublic(), now, now.plus(OWN_LIFETIME));
      made.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      made.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      byte[] encoded = signed(made, pair.getPrivate()).getEncoded();
      OwnFiles.writeKey(keyFile(directory), pair.getPrivate());
      OwnFiles.write(file, "CERTIFICATE", encoded);
      return file;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("a certificate of our own cannot be encoded", e);
    }
  }

  /** Opens one. Throws {@link OperatorException} when a file is missing or not what it should be. */
  public static CertificateAuthority open(Path directory) {
    X509Certificate certificate = PemFiles.certificates(certificateFile(directory)).getFirst();
    PrivateKey key = PemFiles.key(keyFile(directory));
    if (certificate.getBasicConstraints() < 0 || !PemFiles.fits(key, certificate)) {
      throw PemFiles.unusable(
          keyFile(directory),
          "it is not the key of " + certificateFile(directory) + ", or that is no authority's certificate",
          "name the directory that helios-repl server pki init has made: --ca DIRECTORY");
    }
    return new CertificateAuthority(certificate, key);
  }

  /**
   * Signs for a server: to serve and to call other servers. A certificate that is there for the same key is replaced.
   *
   * @throws OperatorException when it would outlive the authority, or the file is another key's certificate
   */
  public X509Certificate issue(CertificateRequest request, Instant now, Duration lifetime, Path file) {
    Instant end = now.plus(lifetime);
    if (end.isAfter(certificate.getNotAfter().toInstant())) {
      throw new OperatorException(
          new Problem(
              ErrorCode.PKI_LIFETIME,
              "a certificate for " + lifetime.toDays() + " days would outlive its authority",
              "the authority's own ends at " + certificate.getNotAfter().toInstant(),
              "fewer --days, or a new authority: helios-repl server pki init"));
    }
    if (Files.exists(file) && !PemFiles.certificates(file).getFirst().getPublicKey().equals(request.key())) {
      throw new OperatorException(
          new Problem(
              ErrorCode.PKI_FILE_EXISTS,
              file + " is there already",
              "it is the certificate of another key than that of the request",
              "name another file: --out FILE"));
    }
    X500Name subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, request.name()).build();
    try {
      JcaX509v3CertificateBuilder made =
          certificate(new JcaX509CertificateHolder(certificate).getSubject(), subject, request.key(), now, end);
      made.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      made.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      made.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}));
      made.addExtension(
          Extension.authorityKeyIdentifier, false, new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate));
      made.addExtension(
          Extension.subjectAlternativeName, false, CertificateRequest.alternativeNames(request.region(), request.hosts()));
      X509Certificate issued = signed(made, key);
      OwnFiles.write(file, "CERTIFICATE", issued.getEncoded());
      return issued;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("a certificate of our own cannot be encoded", e);
    }
  }

  private static JcaX509v3CertificateBuilder certificate(
      X500Name issuer, X500Name subject, PublicKey key, Instant now, Instant end) throws IOException, GeneralSecurityException {
    JcaX509v3CertificateBuilder made =
        new JcaX509v3CertificateBuilder(
            issuer,
            new BigInteger(SERIAL_BITS, new SecureRandom()).setBit(SERIAL_BITS - 1),
            Date.from(now.minus(CLOCKS).truncatedTo(ChronoUnit.SECONDS)),
            Date.from(end.truncatedTo(ChronoUnit.SECONDS)),
            subject,
            key);
    made.addExtension(Extension.subjectKeyIdentifier, false, new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
    return made;
  }

  private static X509Certificate signed(JcaX509v3CertificateBuilder made, PrivateKey key) throws GeneralSecurityException {
    String algorithm = switch (key.getAlgorithm()) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      default -> key.getAlgorithm();
    };
    try {
      return new JcaX509CertificateConverter().getCertificate(made.build(new JcaContentSignerBuilder(algorithm).build(key)));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException(e);
    }
  }

  private static Path certificateFile(Path directory) {
    return directory.resolve("ca.crt");
  }

  private static Path keyFile(Path directory) {
    return directory.resolve("ca.key");
  }
}
