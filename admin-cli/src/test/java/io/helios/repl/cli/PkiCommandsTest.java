package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.helios.repl.client.ExitCode;
import io.helios.repl.pki.PemFiles;
import io.helios.repl.pki.RegionNames;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PkiCommandsTest {

  @TempDir Path directory;

  private String ca;

  @BeforeEach
  void authority() {
    ca = directory.resolve("ca").toString();
    assertThat(pki("init", "--ca", ca).code()).isZero();
  }

  private static Ran pki(String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "server";
    all[1] = "pki";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return Ran.command(all);
  }

  private Ran request(String name) {
    return pki(
        "request", "--name", name, "--region", "eu-central-1", "--host", "helios-eu", "--host", "10.0.0.2", "--host", "::1", "--dir", directory.toString());
  }

  private Ran issue(String name, String... more) {
    String[] all = new String[4 + more.length];
    List.of("issue", directory.resolve(name + ".csr").toString(), "--ca", ca).toArray(all);
    System.arraycopy(more, 0, all, 4, more.length);
    return pki(all);
  }

  private X509Certificate certificate(String name) {
    return PemFiles.certificates(directory.resolve(name + ".crt")).getFirst();
  }

  @Test
  void anIssuedCertificateNamesRegionAndHostsAndServesAndCalls() throws Exception {
    assertThat(request("helios-eu").code()).isZero();
    Ran issued = issue("helios-eu");
    assertThat(issued.out()).contains("region:      eu-central-1", "hosts:       helios-eu, 10.0.0.2, 0:0:0:0:0:0:0:1");
    X509Certificate certificate = certificate("helios-eu");
    assertThat(RegionNames.of(certificate)).contains("eu-central-1");
    assertThat(certificate.getExtendedKeyUsage()).containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    assertThat(certificate.getBasicConstraints()).as("no authority").isNegative();
    assertThat(certificate.getSerialNumber().bitLength()).isEqualTo(127);
    assertThat(Duration.between(Instant.now(), certificate.getNotAfter().toInstant()).toDays()).isBetween(364L, 365L);
    assertThat(PemFiles.fits(PemFiles.key(directory.resolve("helios-eu.key")), certificate)).isTrue();
  }

  @Test
  void keysAreTheirOwnersAloneAndNeverOverwritten() throws Exception {
    request("helios-eu");
    for (Path key : List.of(directory.resolve("helios-eu.key"), directory.resolve("ca").resolve("ca.key"))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key))).isEqualTo("rw-------");
    }
    byte[] before = Files.readAllBytes(directory.resolve("helios-eu.key"));
    assertThat(request("helios-eu").err()).contains("HR-9101");
    Files.delete(directory.resolve("helios-eu.csr"));
    Ran again = request("helios-eu");
    assertThat(again.code()).isEqualTo(ExitCode.PRECONDITION);
    assertThat(again.err()).contains("HR-9101", "helios-eu.key");
    assertThat(directory.resolve("helios-eu.key")).hasBinaryContent(before);
    Files.delete(directory.resolve("ca").resolve("ca.crt"));
    assertThat(pki("init", "--ca", ca).err()).contains("HR-9101", "ca.key");
  }

  @Test
  void theSameRequestRenewsAndAnotherKeysCertificateIsLeftAlone() {
    request("helios-eu");
    issue("helios-eu", "--days", "10");
    X509Certificate first = certificate("helios-eu");
    assertThat(issue("helios-eu", "--days", "20").code()).isZero();
    assertThat(certificate("helios-eu").getNotAfter()).isAfter(first.getNotAfter());
    assertThat(certificate("helios-eu").getSerialNumber()).isNotEqualTo(first.getSerialNumber());
    request("other");
    assertThat(issue("other", "--out", directory.resolve("helios-eu.crt").toString()).err()).contains("HR-9101");
  }

  @Test
  void whatWouldOutliveItsAuthorityIsRefused() throws Exception {
    Path old = Files.createDirectories(directory.resolve("old"));
    openssl(
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=old",
        "-keyout", old.resolve("ca.key").toString(), "-out", old.resolve("ca.crt").toString());
    request("helios-eu");
    String file = directory.resolve("helios-eu.csr").toString();
    assertThat(pki("issue", file, "--ca", old.toString()).err()).contains("HR-9104");
    assertThat(pki("issue", file, "--ca", old.toString(), "--days", "7").code()).isZero();
  }

  @Test
  void opensslVerifiesWhatIsIssued() throws Exception {
    request("helios-eu");
    issue("helios-eu");
    for (String purpose : List.of("sslserver", "sslclient")) {
      assertThat(
              openssl(
                  "verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca + "/ca.crt", directory.resolve("helios-eu.crt").toString()))
          .contains(": OK");
    }
    assertThat(
            openssl("verify", "-verify_ip", "10.0.0.2", "-CAfile", ca + "/ca.crt", directory.resolve("helios-eu.crt").toString()))
        .contains(": OK");
    assertThat(openssl("req", "-verify", "-noout", "-text", "-in", directory.resolve("helios-eu.csr").toString()))
        .contains("URI:helios-repl:region/eu-central-1");
  }

  /** Whoever signs is asked for no more than this, whatever the request holds. */
  @Test
  void aRequestMadeElsewhereGetsNoMoreThanAServersCertificate() throws Exception {
    Path key = directory.resolve("own.key");
    Path csr = directory.resolve("own.csr");
    openssl(
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=own/O=Somebody",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign",
        "-addext", "subjectAltName=URI:helios-repl:region/eu,DNS:own.example.com", "-keyout", key.toString(), "-out", csr.toString());
    assertThat(issue("own").code()).isZero();
    assertThat(certificate("own").getBasicConstraints()).isNegative();
    assertThat(certificate("own").getKeyUsage()[5]).as("keyCertSign").isFalse();
    assertThat(certificate("own").getSubjectX500Principal().getName()).isEqualTo("CN=own");
  }

  @Test
  void whatIsNoRequestOrNamesNoServerIsRefused() throws Exception {
    request("helios-eu");
    Path broken = directory.resolve("broken.csr");
    Files.writeString(broken, "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n");
    assertThat(issue("broken").err()).contains("HR-9103");
    Files.copy(directory.resolve("ca").resolve("ca.crt"), directory.resolve("certificate.csr"));
    assertThat(issue("certificate").err()).contains("HR-9103", "no request");
    assertThat(issue("missing").err()).contains("HR-9103");
    List<List<String>> alternatives =
        List.of(
            List.of("DNS:a.example.com", "region"),
            List.of("URI:helios-repl:region/eu", "host"),
            List.of("URI:helios-repl:region/eu,URI:helios-repl:region/us,DNS:a", "region"),
            List.of("URI:helios-repl:region/,DNS:a", "region"),
            List.of("URI:helios-repl:region/eu,email:a@example.com", "kind"));
    for (List<String> one : alternatives) {
      openssl(
          "req", "-new", "-key", directory.resolve("helios-eu.key").toString(), "-subj", "/CN=a", "-addext",
          "subjectAltName=" + one.getFirst(), "-out", directory.resolve("a.csr").toString());
      Ran refused = issue("a");
      assertThat(refused.code()).as(one.getFirst()).isEqualTo(ExitCode.PRECONDITION);
      assertThat(refused.err()).contains("HR-9103", one.getLast());
      assertThat(directory.resolve("a.crt")).doesNotExist();
    }
    openssl("req", "-new", "-newkey", "rsa:1024", "-nodes", "-keyout", directory.resolve("w.key").toString(), "-subj", "/CN=w", "-addext",
        "subjectAltName=URI:helios-repl:region/eu,DNS:a", "-out", directory.resolve("w.csr").toString());
    assertThat(issue("w").err()).contains("too short");
  }

  /** What it prints; it has to succeed. */
  private static String openssl(String... arguments) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "openssl is installed");
    String[] command = new String[arguments.length + 1];
    command[0] = "/usr/bin/openssl";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }
}
