package io.helios.repl.pipeline;

import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.seal.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.UUID;

/**
 * What the publications and slots are called with which targets are captured when tenants move there. Slots are a server's: two
 * installations may use one server under the same names, and another region's target does not tell its database's name. So its slots
 * carry a mark of this installation, drawn once and kept in its data directory. An installation that had moved tenants to another
 * region before there were marks goes on without: PostgreSQL renames no slot.
 *
 * <p>Thread-safe.
 */
final class MirrorNames {

  private static final int LONGEST = 63;
  private static final int MARK_DIGITS = 8;

  private final Path file;
  private final BackRoutes routes;

  /** @param routes of the moves that have begun, as they are from the start on */
  MirrorNames(Path dataDirectory, BackRoutes routes) {
    this.file = dataDirectory.resolve("installation");
    this.routes = routes;
  }

  /** @throws TransientException when the disk refuses */
  String of(TargetSettings target) {
    String name = target.mirror();
    String mark = target.peer() == null ? "" : mark();
    return mark.isEmpty()
        ? name
        : name.substring(0, Math.min(name.length(), LONGEST - MARK_DIGITS - 1)) + "_" + mark;
  }

  private synchronized String mark() {
    try {
      if (Files.exists(file)) {
        String kept = Files.readString(file, StandardCharsets.UTF_8).strip();
        if (!kept.matches("([0-9a-f]{" + MARK_DIGITS + "})?")) {
          throw new IOException("it does not say what it should");
        }
        return kept;
      }
      boolean before = routes.all().stream().anyMatch(route -> isFar(route.home()) || isFar(route.next()));
      String mark = before ? "" : HexFormat.of().toHexDigits(UUID.randomUUID().getMostSignificantBits()).substring(0, MARK_DIGITS);
      PrivateFiles.replace(file, (mark + "\n").getBytes(StandardCharsets.UTF_8));
      return mark;
    } catch (IOException e) {
      throw new TransientException(
          new Problem(
              ErrorCode.DATA_DIRECTORY_UNUSABLE,
              "the file " + file + " cannot be read or written",
              DiskTrouble.of(e),
              "look at its rights and its disk: ls -l " + file + "; df " + file.getParent()),
          e);
    }
  }

  private static boolean isFar(String end) {
    return end.indexOf('/') > 0;
  }
}
