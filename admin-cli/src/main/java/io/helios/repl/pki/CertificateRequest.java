package io.helios.repl.pki;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.bouncycastle.util.IPAddress;

/**
 * What a server asks an authority for (PKCS #10, RFC 2986): a name, its region, and where it is reached. Of a request that is read
 * only these count, whatever else it asks for. No thread.
 *
 * @param name the common name
 * @param region that it claims
 * @param hosts DNS names and addresses
 */
public record CertificateRequest(String name, String region, List<String> hosts, PublicKey key) {

  private static final int SMALLEST_RSA_BITS = 2048;
  private static final int SMALLEST_EC_BITS = 256;

  public CertificateRequest {
    hosts = List.copyOf(hosts);
  }

  /** Makes {@code NAME.key} and {@code NAME.csr} in the directory. Throws {@link OperatorException} when a file is there already. */
  public static Made make(Path directory, String name, String region, List<String> hosts) {
    Path keyFile = directory.resolve(name + ".key");
    Path requestFile = directory.resolve(name + ".csr");
    OwnFiles.requireAbsent(requestFile);
    KeyPair pair = OwnFiles.newKeys();
    byte[] request = encoded(name, region, hosts, pair);
    OwnFiles.writeKey(keyFile, pair.getPrivate());
    OwnFiles.write(requestFile, "CERTIFICATE REQUEST", request);
    return new Made(keyFile, requestFile);
  }

  /** The files of a request. */
  public record Made(Path key, Path request) {}

  private static byte[] encoded(String name, String region, List<String> hosts, KeyPair pair) {
    X500Name subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, name).build();
    try {
      ExtensionsGenerator extensions = new ExtensionsGenerator();
      extensions.addExtension(Extension.subjectAlternativeName, false, alternativeNames(region, hosts));
      return new JcaPKCS10CertificationRequestBuilder(subject, pair.getPublic())
          .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
          .getEncoded();
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException("a request of our own cannot be encoded", e);
    }
  }

  /** The region first, then hosts. */
  static GeneralNames alternativeNames(String region, List<String> hosts) {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, RegionNames.uri(region)));
    hosts.forEach(host -> names.add(new GeneralName(isAddress(host) ? GeneralName.iPAddress : GeneralName.dNSName, host)));
    return new GeneralNames(names.toArray(GeneralName[]::new));
  }

  /** Whether it is an address and no name, without asking anybody. */
  static boolean isAddress(String host) {
    return IPAddress.isValid(host);
  }

  /** Whether it can stand in a certificate: an address, or a DNS name, perhaps with a wildcard for its first label. */
  public static boolean isHost(String host) {
    return isAddress(host)
        || (host.length() <= 253
            && host.matches("(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"));
  }

  /**
   * Reads a request and proves that who made it has the key.
   *
   * @throws OperatorException (HR-9103) when it is none, is not signed by its own key, or names no region
   */
  public static CertificateRequest read(Path file) {
    JcaPKCS10CertificationRequest request = parse(file);
    try {
      PublicKey key = request.getPublicKey();
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw refused(file, "it is not signed by the key that it names", "make it anew where the key is");
      }
      requireStrong(file, key);
      return of(file, request, key);
    } catch (IllegalArgumentException e) { // of what is not encoded as it should be
      throw refused(file, "its names cannot be read", "helios-repl server pki request makes a right one");
    } catch (GeneralSecurityException | OperatorCreationException | PKCSException e) {
      throw refused(file, "its signature cannot be checked (" + e.getClass().getSimpleName() + ")", "EC, RSA and Ed25519 keys are known");
    }
  }

  private static JcaPKCS10CertificationRequest parse(Path file) {
    String hint = "name a PEM file that begins with -----BEGIN CERTIFICATE REQUEST-----";
    if (!Files.isReadable(file)) {
      throw refused(file, "it is missing, or not readable by " + System.getProperty("user.name"), hint);
    }
    try (PEMParser parser = new PEMParser(Files.newBufferedReader(file, StandardCharsets.US_ASCII))) {
      if (parser.readObject() instanceof PKCS10CertificationRequest request) {
        return new JcaPKCS10CertificationRequest(request);
      }
    } catch (IOException | RuntimeException e) {
      throw refused(file, "it cannot be read as a request", hint);
    }
    throw refused(file, "there is no request in it", hint);
  }

  private static CertificateRequest of(Path file, JcaPKCS10CertificationRequest request, PublicKey key) {
    var common = request.getSubject().getRDNs(BCStyle.CN);
    String name = common.length == 1 ? IETFUtils.valueToString(common[0].getFirst().getValue()) : "";
    if (!RegionNames.isValid(name)) {
      throw refused(file, "its common name is missing, or is no plain name", "helios-repl server pki request makes a right one");
    }
    List<String> regions = new ArrayList<>();
    List<String> hosts = new ArrayList<>();
    Extensions extensions = request.getRequestedExtensions();
    GeneralNames names = extensions == null ? null : GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
    for (GeneralName one : names == null ? new GeneralName[0] : names.getNames()) {
      String text = text(one);
      switch (one.getTagNo()) {
        case GeneralName.uniformResourceIdentifier -> regions.add(RegionNames.ofUri(text).orElse(""));
        case GeneralName.dNSName, GeneralName.iPAddress -> hosts.add(text);
        default -> throw refused(file, "it has an alternative name of a kind that is not issued here", "DNS names, addresses, and the region's URI are");
      }
    }
    if (regions.size() != 1 || regions.getFirst().isEmpty()) {
      throw refused(file, "it does not name exactly one region", "it needs the alternative name URI:" + RegionNames.uri("REGION"));
    }
    if (hosts.isEmpty() || !hosts.stream().allMatch(CertificateRequest::isHost)) {
      throw refused(file, "it names no host, or one that is none", "it needs each host name and address that other servers reach it by");
    }
    return new CertificateRequest(name, regions.getFirst(), hosts, key);
  }

  private static String text(GeneralName name) {
    if (name.getTagNo() != GeneralName.iPAddress) {
      return name.getName().toString();
    }
    byte[] address = ASN1OctetString.getInstance(name.getName()).getOctets();
    try {
      return InetAddress.getByAddress(address).getHostAddress();
    } catch (UnknownHostException e) {
      return ""; // of neither length: no host
    }
  }

  private static void requireStrong(Path file, PublicKey key) {
    boolean strong =
        switch (key) {
          case RSAPublicKey rsa -> rsa.getModulus().bitLength() >= SMALLEST_RSA_BITS;
          case ECPublicKey ec -> ec.getParams().getOrder().bitLength() >= SMALLEST_EC_BITS;
          default -> true;
        };
    if (!strong) {
      throw refused(file, "its key is too short", "RSA needs " + SMALLEST_RSA_BITS + " bits, EC " + SMALLEST_EC_BITS);
    }
  }

  private static OperatorException refused(Path file, String why, String hint) {
    return new OperatorException(
        new Problem(ErrorCode.PKI_REQUEST_REFUSED, "the request " + file + " is not signed", why, hint));
  }
}
