package io.helios.repl.postgres.schema;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.postgres.ConnectionDefaults;
import io.helios.repl.postgres.ConnectionSettings;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pg_dump that is installed here. It gets everything about its connection from its own environment, nothing of ours but
 * {@code PATH} and {@code HOME}, and no shell is between; so neither a password nor what a tenant calls its schema can be
 * read, or mean something, on a command line.
 *
 * @param major of its version; it takes servers up to that one
 */
record PgDump(Path program, int major) {

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration VERSION_PATIENCE = Duration.ofSeconds(10);

  /** Definitions only: a hundred thousand functions have room in it. */
  private static final int MOST_BYTES = 128 << 20;

  private static final int MOST_WORDS = 2000;
  private static final Pattern VERSION = Pattern.compile("pg_dump \\(PostgreSQL\\) ([0-9]+).*", Pattern.DOTALL);
  private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

  /** What was looked for and what was found: {@code dump} is null where {@code why} tells why there is none. */
  record Search(@Nullable PgDump dump, String why) {}

  /**
   * The one for a source of this major: which is configured, else the oldest that fits, whose SQL is taken by most targets.
   *
   * @throws OperatorException when the configured one cannot be used
   */
  static Search find(DumpPolicy policy, int sourceMajor, ConnectionSettings source) {
    if (!policy.wanted()) {
      return new Search(null, "the configuration says pg-dump: none");
    }
    if (source.way() != null) {
      return new Search(null, "the database is another region's, and pg_dump does not come to it from here");
    }
    Path configured = policy.program();
    if (source.parameters().containsKey("sslpassword")) {
      return new Search(null, "the source's client key has a password, which pg_dump takes on its command line only");
    }
    if (configured != null) {
      PgDump dump = probe(configured).orElseThrow(() -> unusable(configured + " is no pg_dump that can be run"));
      if (dump.major < sourceMajor) {
        throw unusable(configured + " is of PostgreSQL " + dump.major + ", and the source runs " + sourceMajor);
      }
      return new Search(dump, "");
    }
    List<PgDump> installed = places().map(PgDump::probe).flatMap(Optional::stream).toList();
    return installed.stream()
        .filter(dump -> dump.major >= sourceMajor)
        .min(Comparator.comparingInt(PgDump::major))
        .map(dump -> new Search(dump, ""))
        .orElseGet(() -> new Search(
            null,
            installed.isEmpty()
                ? "no pg_dump is installed"
                : "pg_dump is of PostgreSQL "
                    + installed.stream().mapToInt(PgDump::major).max().orElseThrow() + ", and the source runs " + sourceMajor));
  }

  private static OperatorException unusable(String why) {
    return new OperatorException(
        new Problem(
            ErrorCode.PG_DUMP_UNUSABLE,
            "the configured pg_dump cannot be used",
            why,
            "pg-dump: auto takes one that is installed and fits; pg-dump: none makes tables from the catalog alone"));
  }

  /** Debian's own places, then those of PATH; Debian's /usr/bin/pg_dump only chooses one of the former. */
  private static Stream<Path> places() {
    List<Path> places = new ArrayList<>();
    try (Stream<Path> versions = Files.isDirectory(DEBIAN) ? Files.list(DEBIAN) : Stream.empty()) {
      versions.sorted().map(version -> version.resolve("bin")).forEach(places::add);
    } catch (IOException e) {
      throw unusable(DEBIAN + " cannot be listed: " + e.getClass().getSimpleName());
    }
    String path = System.getenv("PATH");
    if (path != null) {
      Arrays.stream(path.split(File.pathSeparator)).filter(p -> p.startsWith("/")).map(Path::of).forEach(places::add);
    }
    return places.stream().map(directory -> directory.resolve("pg_dump")).filter(Files::isExecutable);
  }

  private static Optional<PgDump> probe(Path program) {
    try {
      Process process = start(List.of(program.toString(), "--version"), Map.of());
      CompletableFuture<Void> late = endAfter(process, VERSION_PATIENCE);
      try (InputStream out = process.getInputStream()) {
        Matcher version = VERSION.matcher(new String(out.readNBytes(MOST_WORDS), StandardCharsets.UTF_8));
        return version.matches() ? Optional.of(new PgDump(program, Integer.parseInt(version.group(1)))) : Optional.empty();
      } finally {
        late.cancel(false);
        process.destroyForcibly();
      }
    } catch (IOException | NumberFormatException e) {
      return Optional.empty(); // it cannot be run, or is something else of that name
    }
  }

  /**
   * The scope's definitions, as an archive.
   *
   * @throws OperatorException when it refuses; what it said is the reason
   * @throws TransientException when it takes too long
   */
  byte[] dump(ConnectionSettings at, DefinitionScope scope) {
    List<String> words = new ArrayList<>(List.of(
        program.toString(), "--format=custom", "--compress=0", "--schema-only", "--no-password", "--encoding=UTF8",
        "--lock-wait-timeout=60000", "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces"));
    words.addAll(scope.arguments());
    try {
      Process process = start(words, connection(at));
      CompletableFuture<Void> late = endAfter(process, PATIENCE);
      try (InputStream out = process.getInputStream();
          InputStream error = process.getErrorStream()) {
        CompletableFuture<String> said = CompletableFuture.supplyAsync(() -> words(error), Thread::startVirtualThread);
        byte[] archive = out.readNBytes(MOST_BYTES);
        boolean whole = out.read() < 0;
        if (!whole) {
          process.destroyForcibly();
        }
        int status = process.waitFor();
        if (late.isDone()) {
          throw new TransientException(problem(
              ErrorCode.PG_DUMP_FAILED, at, "it has not ended within " + PATIENCE.toMinutes() + " minutes"));
        }
        if (status != 0 || !whole) {
          throw new OperatorException(problem(
              ErrorCode.PG_DUMP_FAILED,
              at,
              whole ? hidden(said.join(), at) : "there are more than " + (MOST_BYTES >> 20) + " MiB of definitions"));
        }
        return archive;
      } finally {
        late.cancel(false);
        process.destroyForcibly();
      }
    } catch (IOException e) {
      throw new TransientException(problem(ErrorCode.PG_DUMP_FAILED, at, String.valueOf(e.getMessage())), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException(problem(ErrorCode.PG_DUMP_FAILED, at, "this program was asked to stop"), e);
    }
  }

  private Problem problem(ErrorCode code, ConnectionSettings at, String why) {
    return new Problem(
        code,
        program + " cannot tell the definitions of " + at.place(),
        why,
        "mend what it says, for example with GRANT; or pg-dump: none in the configuration, and make by hand what is not a table");
  }

  private static Process start(List<String> words, Map<String, String> connection) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(words).redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    Map<String, String> environment = builder.environment();
    environment.keySet().retainAll(List.of("PATH", "HOME"));
    environment.put("LC_ALL", "C");
    environment.putAll(connection);
    return builder.start();
  }

  private static CompletableFuture<Void> endAfter(Process process, Duration patience) {
    return CompletableFuture.runAsync(
        process::destroyForcibly, CompletableFuture.delayedExecutor(patience.toMillis(), TimeUnit.MILLISECONDS));
  }

  /** What libpq reads instead of a command line. It is not asked to look up anything by itself. */
  private static Map<String, String> connection(ConnectionSettings at) {
    Map<String, String> variables = new java.util.HashMap<>();
    variables.put("PGGSSENCMODE", "disable");
    variables.put("PGCONNECT_TIMEOUT", "10");
    at.parameters().forEach((keyword, value) -> {
      String variable = ConnectionDefaults.variable(keyword);
      if (!variable.isEmpty()) {
        variables.put(variable, value);
      }
    });
    variables.put("PGHOST", at.host());
    variables.put("PGPORT", String.valueOf(at.port()));
    variables.put("PGDATABASE", at.database());
    variables.put("PGUSER", at.user());
    if (at.password() != null) {
      variables.put("PGPASSWORD", at.password());
    }
    variables.put("PGAPPNAME", "helios-repl/definitions");
    variables.put(
        "PGOPTIONS", at.parameters().getOrDefault("options", "") + " -c standard_conforming_strings=on");
    return variables;
  }

  private static String words(InputStream error) {
    try (error) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      kept.writeBytes(error.readNBytes(MOST_WORDS));
      error.transferTo(java.io.OutputStream.nullOutputStream());
      return kept.toString(StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}+", " ").strip();
    } catch (IOException e) {
      return "it ended, and what it said is lost";
    }
  }

  private static String hidden(String words, ConnectionSettings at) {
    String password = at.password();
    return password == null || password.isEmpty() ? words : words.replace(password, "…");
  }
}
