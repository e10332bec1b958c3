package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.config.TenantNames;
import io.helios.repl.pki.CertificateAuthority;
import io.helios.repl.pki.CertificateRequest;
import io.helios.repl.pki.RegionNames;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "pki",
    description = {
      "Make the certificates that servers of several regions know each other by. Needs no server.",
      "An authority of your own does as well: docs/peers.md tells what its certificates must hold."
    },
    subcommands = {PkiCommands.Init.class, PkiCommands.Request.class, PkiCommands.Issue.class},
    footer = {
      "",
      "Example:",
      "  helios-repl server pki init --ca ca",
      "  helios-repl server pki request --name helios-eu --region eu-central-1 --host helios-eu",
      "  helios-repl server pki issue helios-eu.csr --ca ca"
    })
final class PkiCommands extends CommandGroup {

  private static final int LONGEST_DAYS = 3650;

  @Command(
      name = "init",
      description = {
        "Make a certificate authority: ca.crt, which every server gets, and ca.key, which signs and nothing else.",
        "It lasts ten years. Keep the directory where no server is."
      },
      footer = {"", "Example:", "  helios-repl server pki init --ca ca"})
  static final class Init implements Callable<Integer> {

    private final Shell shell;

    @Mixin Options.Help help = new Options.Help();

    @Option(names = "--ca", paramLabel = "DIRECTORY", required = true, description = "Where to; it is made when it is missing.")
    Path directory = Path.of("");

    @Option(names = "--name", paramLabel = "NAME", description = "What it is called. Default: helios-repl.")
    String name = "helios-repl";

    Init(Shell shell) {
      this.shell = shell;
    }

    @Override
    public Integer call() {
      Path file = CertificateAuthority.make(directory, plain("--name", name), Instant.now());
      shell.out().println("the authority is " + file + "; its key, beside it, signs certificates and leaves this directory never");
      shell.out().flush();
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "request",
      description = {
        "Make a server's key, NAME.key, and the request for its certificate, NAME.csr, for an authority to sign.",
        "Run it where the server is: the key stays there."
      },
      footer = {
        "",
        "Example:",
        "  helios-repl server pki request --name helios-eu --region eu-central-1 --host helios-eu --host 10.0.0.2"
      })
  static final class Request implements Callable<Integer> {

    private final Shell shell;

    @Mixin Options.Help help = new Options.Help();

    @Option(names = "--name", paramLabel = "NAME", required = true, description = "What the server is called.")
    String name = "";

    @Option(names = "--region", paramLabel = "REGION", required = true, description = "As region: in its configuration.")
    String region = "";

    @Option(
        names = "--host",
        paramLabel = "HOST",
        required = true,
        description = "A name or address that others reach it by; may be given several times.")
    List<String> hosts = new ArrayList<>();

    @Option(names = "--dir", paramLabel = "DIRECTORY", description = "Where to. Default: here.")
    Path directory = Path.of("");

    Request(Shell shell) {
      this.shell = shell;
    }

    @Override
    public Integer call() {
      plain("--name", name);
      if (!RegionNames.isValid(region)) {
        throw ApiCommand.usage("\"" + TenantNames.printable(region) + "\" is no region", RegionNames.RULE, "--region eu-central-1");
      }
      for (String host : hosts) {
        if (!CertificateRequest.isHost(host)) {
          throw ApiCommand.usage(
              "\"" + TenantNames.printable(host) + "\" is no host", "a host is a DNS name or an address, without a port", "--host helios-eu --host 10.0.0.2");
        }
      }
      CertificateRequest.Made made = CertificateRequest.make(directory, name, region, hosts);
      shell.out().println("the key is " + made.key() + ", for this server alone; have signed: " + made.request());
      shell.out().flush();
      return ExitCode.DONE;
    }
  }

  @Command(
      name = "issue",
      description = {
        "Sign a server's request. What is signed is shown: name, region and hosts; nothing else that it asks for is.",
        "Sign the same request again to renew: the certificate of the same key is replaced."
      },
      footer = {"", "Example:", "  helios-repl server pki issue helios-eu.csr --ca ca --days 365"})
  static final class Issue implements Callable<Integer> {

    private final Shell shell;

    @Mixin Options.Help help = new Options.Help();

    @Parameters(paramLabel = "REQUEST", description = "The request's file.")
    Path file = Path.of("");

    @Option(names = "--ca", paramLabel = "DIRECTORY", required = true, description = "The authority's directory.")
    Path authority = Path.of("");

    @Option(names = "--days", paramLabel = "DAYS", description = "How long it is good for. Default: 365.")
    int days = 365;

    @Option(names = "--out", paramLabel = "FILE", description = "Where to. Default: beside the request, .crt.")
    @Nullable Path out;

    Issue(Shell shell) {
      this.shell = shell;
    }

    @Override
    public Integer call() {
      if (days < 1 || days > LONGEST_DAYS) {
        throw ApiCommand.usage("--days " + days + " is not right", "1 to " + LONGEST_DAYS + " days", "--days 365");
      }
      CertificateRequest request = CertificateRequest.read(file);
      Path beside = file.resolveSibling(String.valueOf(file.getFileName()).replaceFirst("\\.csr$", "") + ".crt");
      Path to = out == null ? beside : out;
      X509Certificate issued =
          CertificateAuthority.open(authority).issue(request, Instant.now(), Duration.ofDays(days), to);
      new Printer(shell, OutputFormat.TABLE)
          .fields(
              List.of(
                  List.of("certificate", to.toString()),
                  List.of("name", request.name()),
                  List.of("region", request.region()),
                  List.of("hosts", String.join(", ", request.hosts())),
                  List.of("until", issued.getNotAfter().toInstant().toString())));
      shell.out().flush();
      return ExitCode.DONE;
    }
  }

  /** It becomes the name of a file. */
  private static String plain(String option, String name) {
    if (!TenantNames.isValid(name)) {
      throw ApiCommand.usage("\"" + TenantNames.printable(name) + "\" is not right for " + option, TenantNames.RULE, option + " helios-eu");
    }
    return name;
  }
}
