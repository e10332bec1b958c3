package io.helios.repl.tests.keys;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The bytes of keys, read as a thief would who has the master key, and looking for bytes where they should not be. */
final class Secrets {

  private static final int WRAPPED = 60;

  private Secrets() {}

  /** The 32 bytes in a master key's file. */
  static byte[] masterKey(Path file) {
    return Base64.getDecoder().decode(new String(read(file), StandardCharsets.US_ASCII).strip());
  }

  /** The keys of a tenant, generation 1 first, unwrapped by hand. */
  static List<byte[]> tenantKeys(Path keyring, UUID tenant, byte[] masterKey) {
    byte[] file = read(keyring.resolve(tenant + ".key"));
    List<byte[]> keys = new ArrayList<>();
    try {
      for (int at = 12; at < file.length; at += 4 + WRAPPED) {
        byte[] wrapped = Arrays.copyOfRange(file, at + 4, at + 4 + WRAPPED);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(
            Cipher.DECRYPT_MODE, new SecretKeySpec(masterKey, "AES"), new GCMParameterSpec(128, wrapped, 0, 12));
        byte[] purpose = "helios-repl/tenant-key/1\0".getBytes(StandardCharsets.US_ASCII);
        cipher.updateAAD(
            ByteBuffer.allocate(purpose.length + 20)
                .put(purpose)
                .putLong(tenant.getMostSignificantBits())
                .putLong(tenant.getLeastSignificantBits())
                .put(file, at, 4)
                .array());
        keys.add(cipher.doFinal(wrapped, 12, WRAPPED - 12));
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    return keys;
  }

  /** All files below a directory. */
  static List<Path> files(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the bytes stand somewhere in others. */
  static boolean contains(byte[] content, byte[] sought) {
    byte first = sought[0];
    for (int at = 0; at <= content.length - sought.length; at++) {
      if (content[at] == first
          && Arrays.equals(content, at, at + sought.length, sought, 0, sought.length)) {
        return true;
      }
    }
    return false;
  }
}
