package io.helios.repl.pipeline;

import io.helios.repl.error.CorruptionException;
import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.error.TransientException;
import io.helios.repl.seal.Keyring;
import io.helios.repl.seal.PrivateFiles;
import io.helios.repl.seal.SealedDocument;
import io.helios.repl.tenant.Tenant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What dead homes had alone, with the keys of its rows: a file for each failover of a tenant, sealed with the tenant's key, for these
 * are its data. Any thread.
 */
final class Accounts {

  private final Path directory;
  private final Keyring keyring;

  Accounts(Path dataDirectory, Keyring keyring) {
    this.directory = dataDirectory.resolve("accounts");
    this.keyring = keyring;
  }

  private Path file(UUID tenant, long epoch) {
    return directory.resolve(tenant + "-" + epoch);
  }

  /** Durably, in the place of one that was made before. */
  void keep(Tenant tenant, long epoch, byte[] document) {
    Path file = file(tenant.id(), epoch);
    if (!keyring.has(tenant.id())) {
      keyring.create(tenant.id());
    }
    try {
      PrivateFiles.createDirectory(directory);
      SealedDocument.write(file, keyring, tenant.id(), epoch, document);
    } catch (IOException e) {
      throw unusable(file, e);
    }
  }

  /** @throws OperatorException when there is none, or its key is gone */
  byte[] read(Tenant tenant, long epoch) {
    Path file = file(tenant.id(), epoch);
    if (!Files.exists(file)) {
      throw unreadable(tenant, epoch, "no account of this epoch was made here", null);
    }
    try {
      return SealedDocument.read(file, keyring, tenant.id(), epoch);
    } catch (CorruptionException e) {
      throw unreadable(tenant, epoch, e.problem().message(), e);
    } catch (IOException e) {
      throw unreadable(tenant, epoch, DiskTrouble.of(e), e);
    }
  }

  /** The tenant is gone, and with it its key: nobody can read them any more. */
  void forget(UUID tenant) {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(f -> f.getFileName().toString().startsWith(tenant.toString())).toList()) {
        PrivateFiles.delete(file);
      }
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  private static OperatorException unreadable(Tenant tenant, long epoch, String why, @Nullable Exception cause) {
    return new OperatorException(
        new Problem(
            ErrorCode.ACCOUNT_UNREADABLE,
            "the account of tenant \"" + tenant.name() + "\", epoch " + epoch + ", cannot be read",
            why,
            "helios-repl failover status " + tenant.name()),
        cause);
  }

  private static TransientException unusable(Path file, IOException e) {
    return new TransientException(
        new Problem(
            ErrorCode.DATA_DIRECTORY_UNUSABLE,
            "the file " + file + " cannot be read or written",
            DiskTrouble.of(e),
            "look at its rights and its disk: ls -l " + file + "; df " + file.getParent()),
        e);
  }
}
