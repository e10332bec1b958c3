package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
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
      findings.addAll(CertificateExpiry.look("the API", tls.certificate(), now));
      if (tls.clientCa() != null) {
        findings.addAll(CertificateExpiry.look("clients of the API", tls.clientCa(), now));
      }
    }
    return findings;
  }

  private void disk(List<Finding> findings) {
    try {
      FileStore disk = Files.getFileStore(configuration.dataDirectory());
      long free = disk.getUsableSpace();
      long all = disk.getTotalSpace();
      if (free < LITTLE_BYTES || free < all / 10) {
        findings.add(
            new Finding(
                free < LITTLE_BYTES ? Severity.ERROR : Severity.WARN,
                ErrorCode.DISK_NEARLY_FULL,
                "the disk of " + configuration.dataDirectory() + " has " + (free >> 20) + " of " + (all >> 20) + " MiB left",
                "when it is full capture stops and the sources keep the WAL instead",
                "make room there, or lower relay.max-bytes below what is left: df -h " + configuration.dataDirectory()));
      }
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
                "find who lags: helios-repl tenant list; more room: relay: { max-bytes: " + (2 * most >> 30) + "GiB }"));
      }
    }
  }

  private void masterKey(List<Finding> findings) {
    Path key = configuration.dataDirectory().resolve("master.key");
    if (configuration.masterKeys().file() == null && Files.exists(key)) {
      findings.add(
          new Finding(
              Severity.WARN,
              ErrorCode.MASTER_KEY_NOT_SAVED,
              "the master key is in the data directory, beside the keys that it protects",
              "who loses the directory loses both, and who copies it can read the journals",
              "move " + key + " to a safe place with a copy elsewhere, and name it: master-key-file: /etc/helios/master.key"));
    }
  }

  private static void certificates(
      String subject, ConnectionSettings connection, Instant now, List<Finding> findings) {
    for (String parameter : List.of("sslcert", "sslrootcert")) {
      String file = connection.parameters().get(parameter);
      if (file != null && !file.equals("system")) {
        findings.addAll(CertificateExpiry.look(parameter + " of " + subject, Path.of(file), now));
      }
    }
  }
}
