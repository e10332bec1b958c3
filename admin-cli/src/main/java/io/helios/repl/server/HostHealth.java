package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.ByteSizes;
import io.helios.repl.config.PeerSettings;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.EndpointStatus;
import io.helios.repl.status.Finding;
import io.helios.repl.status.Severity;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What could hurt on the machine that the server runs on: disk, journals, keys, certificates. Any thread. */
record HostHealth(ServerConfiguration configuration) {

  private static final double NEARLY_FULL = 0.8;
  private static final long LITTLE_BYTES = 256L << 20;

  List<Finding> findings(List<EndpointStatus> sources, Instant now) {
    List<Finding> findings = new ArrayList<>();
    disk(findings);
    journals(sources, findings);
    masterKey(findings);
    configuration.sources().forEach(s -> certificates("source \"" + s.name() + "\"", s.connection(), now, findings));
    configuration.targets().forEach(t -> certificates("target \"" + t.name() + "\"", t.connection(), now, findings));
    ApiAccess.Tls tls = configuration.access().tls();
    if (tls != null) {
      CertificateExpiry.ofChain("the API", tls.certificate(), now).ifPresent(findings::add);
      if (tls.clientCa() != null) {
        CertificateExpiry.ofAuthorities("clients of the API", tls.clientCa(), now).ifPresent(findings::add);
      }
    }
    for (PeerSettings peer : configuration.peers()) {
      CertificateExpiry.ofAuthorities("the peer of region \"" + peer.region() + "\"", peer.ca(), now).ifPresent(findings::add);
    }
    return findings;
  }

  private void disk(List<Finding> findings) {
    try {
      FileStore disk = Files.getFileStore(configuration.dataDirectory());
      disk(configuration.dataDirectory(), disk.getUsableSpace(), disk.getTotalSpace()).ifPresent(findings::add);
    } catch (IOException e) {
      findings.add(
          new Finding(
              Severity.ERROR,
              ErrorCode.DATA_DIRECTORY_UNUSABLE,
              "the disk of " + configuration.dataDirectory() + " does not tell how full it is",
              String.valueOf(e.getMessage()),
              "df -h " + configuration.dataDirectory()));
    }
  }

  /**
   * @param free bytes
   * @param all bytes
   */
  static Optional<Finding> disk(Path directory, long free, long all) {
    if (free >= LITTLE_BYTES && free >= all / 10) {
      return Optional.empty();
    }
    return Optional.of(
        new Finding(
            free < LITTLE_BYTES ? Severity.ERROR : Severity.WARN,
            ErrorCode.DISK_NEARLY_FULL,
            "the disk of " + directory + " has " + (free >> 20) + " of " + (all >> 20) + " MiB left",
            "when it is full capture stops and the sources keep the WAL instead",
            "make room there, or lower relay.max-bytes below what is left; what takes it: du -h --max-depth=2 " + directory));
  }

  private void journals(List<EndpointStatus> sources, List<Finding> findings) {
    long most = configuration.relay().maxBytes();
    for (EndpointStatus source : sources) {
      Long bytes = source.journalBytes();
      if (bytes != null && bytes >= most * NEARLY_FULL) {
        findings.add(
            new Finding(
                Severity.WARN,
                ErrorCode.JOURNAL_NEARLY_FULL,
                "the journal of source \"" + source.name() + "\" takes " + (bytes >> 20) + " of " + (most >> 20) + " MiB",
                "when its quota is used up those who lag most need a resync",
                "find who lags: helios-repl tenant list; more room: relay: { max-bytes: " + ByteSizes.format(2 * most) + " }"));
      }
    }
  }

  private void masterKey(List<Finding> findings) {
    Path named = configuration.masterKeys().file();
    Path key = named == null ? configuration.dataDirectory().resolve("master.key") : named;
    if (whole(key).startsWith(whole(configuration.dataDirectory())) && Files.exists(key)) {
      findings.add(
          new Finding(
              Severity.WARN,
              ErrorCode.MASTER_KEY_NOT_SAVED,
              "the master key is in the data directory, beside the keys that it protects",
              "who loses the directory loses both, and who copies it can read the journals",
              "move " + key + " to another place, /etc/helios-repl/master.key for instance, readable by this server's user only; keep a"
                  + " copy elsewhere, name it in the configuration (master-key-file: FILE), and restart the server"));
    }
  }

  private static Path whole(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private static void certificates(
      String subject, ConnectionSettings connection, Instant now, List<Finding> findings) {
    String own = connection.parameters().get("sslcert");
    if (own != null) {
      CertificateExpiry.ofChain("sslcert of " + subject, Path.of(own), now).ifPresent(findings::add);
    }
    String authorities = connection.parameters().get("sslrootcert");
    if (authorities != null && !authorities.equals("system")) {
      CertificateExpiry.ofAuthorities("sslrootcert of " + subject, Path.of(authorities), now).ifPresent(findings::add);
    }
  }
}
