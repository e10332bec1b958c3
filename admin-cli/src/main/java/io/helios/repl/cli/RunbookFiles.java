package io.helios.repl.cli;

import io.helios.repl.client.ExitCode;
import io.helios.repl.client.FailedException;
import io.helios.repl.client.Failure;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.runbook.Finding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runbooks on disk, and what is said of those that are not right. */
final class RunbookFiles {

  /** The server takes no longer one. */
  private static final long LARGEST = 256 << 10;

  private RunbookFiles() {}

  /** The file, or all runbooks of the folder. */
  static List<Path> below(String name) {
    Path path = path(name);
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    List<Path> found = new ArrayList<>();
    try (Stream<Path> all = Files.list(path)) {
      all.filter(p -> p.toString().endsWith(".yaml") || p.toString().endsWith(".yml")).sorted().forEach(found::add);
    } catch (IOException e) {
      throw unreadable(name, "the folder cannot be read");
    }
    if (found.isEmpty()) {
      throw unreadable(name, "the folder has no file that ends with .yaml");
    }
    return found;
  }

  static String read(String name) {
    Path path = path(name);
    try {
      if (Files.size(path) > LARGEST) {
        throw unreadable(name, "it is larger than 256 KiB");
      }
      return Files.readString(path, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw unreadable(name, "it is missing, or no readable text file");
    }
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (IllegalArgumentException e) {
      throw unreadable(name, "it is no path");
    }
  }

  /** All of them, each with its place. */
  static List<Failure> failures(String file, List<Finding> findings) {
    return findings.stream()
        .map(f -> Failure.of(ErrorCode.RUNBOOK_WRONG, place(file, f) + f.what(), f.why(), f.hint()))
        .toList();
  }

  static void requireNone(String file, List<Finding> findings, ErrorCode code) {
    if (!findings.isEmpty()) {
      throw new FailedException(
          ExitCode.USAGE,
          findings.stream().map(f -> Failure.of(code, place(file, f) + f.what(), f.why(), f.hint())).toList(),
          null);
    }
  }

  private static String place(String file, Finding finding) {
    return file + (finding.line() > 0 ? ":" + finding.line() : "") + ": ";
  }

  private static FailedException unreadable(String name, String why) {
    return new FailedException(
        ExitCode.USAGE,
        Failure.of(
            ErrorCode.RUNBOOK_FILE,
            "the runbook " + TenantNames.printable(name) + " cannot be read",
            why,
            "name a runbook or a folder of them: helios-repl runbook lint runbooks"));
  }
}
