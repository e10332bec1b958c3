package io.helios.repl.migration.traffic;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helios.repl.error.DiskTrouble;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * A file of aliases that PgBouncer includes. It is never written, but replaced: a new file in the same directory, forced to disk, takes
 * its name, with its mode, its group and, where this user may, its owner. So a pooler and a crash find the old one or the new one.
 *
 * <p>Forcing takes milliseconds, which is why {@link #prepare} does it before anybody waits: {@link #lead} then only takes the name,
 * unless somebody has changed the file in between. Any thread; one works at a time. What others than this server write within
 * those microseconds is lost, as with any editor.
 */
final class AliasFile {

  /** A new file that waits for its name, what it holds, and what the old one must still hold. */
  private record Prepared(Path path, ByteBuffer before, ByteBuffer after) {}

  private final Path file;
  private final Map<String, Prepared> waiting = new HashMap<>();

  AliasFile(Path file) {
    this.file = file;
  }

  Path path() {
    return file;
  }

  /** The alias' line. Throws {@link OperatorException} when there is none, or more than one. */
  synchronized AliasText read(String alias) {
    return in(bytes(alias), alias);
  }

  /** Does all of {@link #lead} but the last step, and takes it back. */
  synchronized void rehearse(String alias, HomeAddress home) {
    try {
      Files.delete(write(alias, read(alias).leadingTo(home)));
    } catch (IOException e) {
      throw unusable(alias, e);
    }
  }

  /** Writes what {@link #lead} will need. */
  synchronized void prepare(String alias, HomeAddress home) {
    discard(alias);
    byte[] before = bytes(alias);
    AliasText text = in(before, alias);
    if (!text.leadsTo(home)) {
      byte[] after = text.leadingTo(home);
      waiting.put(alias, new Prepared(write(alias, after), ByteBuffer.wrap(before), ByteBuffer.wrap(after)));
    }
  }

  /** Makes the alias lead there, if it does not. */
  synchronized void lead(String alias, HomeAddress home) {
    byte[] now = bytes(alias);
    AliasText text = in(now, alias);
    if (text.leadsTo(home)) {
      return;
    }
    byte[] wanted = text.leadingTo(home);
    Prepared prepared = waiting.get(alias);
    try {
      Path fresh;
      if (prepared != null
          && prepared.before().equals(ByteBuffer.wrap(now))
          && prepared.after().equals(ByteBuffer.wrap(wanted))
          && Files.exists(prepared.path())) {
        waiting.remove(alias);
        fresh = prepared.path();
      } else {
        fresh = write(alias, wanted);
      }
      Files.move(fresh, real(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw unusable(alias, e);
    }
  }

  /** Makes durable what was done, and removes what was prepared for nothing, also before a crash. Nobody needs to wait for it. */
  synchronized void settle(String alias) {
    discard(alias);
    try (FileChannel directory = FileChannel.open(directory(), StandardOpenOption.READ)) {
      directory.force(true);
    } catch (IOException e) {
      throw unusable(alias, e);
    }
  }

  private void discard(String alias) {
    waiting.remove(alias);
    try {
      Files.deleteIfExists(fresh(alias));
    } catch (IOException e) {
      throw unusable(alias, e);
    }
  }

  private byte[] bytes(String alias) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw unusable(alias, e);
    }
  }

  private AliasText in(byte[] bytes, String alias) {
    List<AliasText> found = AliasText.find(bytes, alias);
    if (found.size() == 1) {
      return found.getFirst();
    }
    throw new OperatorException(new Problem(
        ErrorCode.POOLER_ALIAS_MISSING,
        file + (found.isEmpty() ? " has no line for \"" : " has " + found.size() + " lines for \"") + alias + "\"",
        "a tenant that moves has one line of its own there, in [databases]",
        found.isEmpty() ? "add to " + file + ": " + alias + " = host=… port=… dbname=…, then RELOAD the pooler" : "keep one of them"));
  }

  /** Where a symbolic link leads: the link itself stays. */
  private Path real() throws IOException {
    return file.toRealPath();
  }

  private Path directory() throws IOException {
    Path parent = real().getParent();
    if (parent == null) {
      throw new NoSuchFileException(file.toString());
    }
    return parent;
  }

  /** One for each alias, so that what a crash leaves behind is found again; not by its name, since names of tenants never become paths. */
  private Path fresh(String alias) throws IOException {
    return directory().resolve("." + real().getFileName() + "." + UUID.nameUUIDFromBytes(alias.getBytes(UTF_8)) + ".helios");
  }

  private Path write(String alias, byte[] content) {
    try {
      Path fresh = fresh(alias);
      Files.deleteIfExists(fresh);
      try (FileChannel channel = FileChannel.open(
          fresh,
          Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, LinkOption.NOFOLLOW_LINKS),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        keepAttributes(fresh, alias);
        ByteBuffer rest = ByteBuffer.wrap(content);
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
        return fresh;
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(fresh);
        throw e;
      }
    } catch (IOException e) {
      throw unusable(alias, e);
    }
  }

  private void keepAttributes(Path fresh, String alias) throws IOException {
    PosixFileAttributes old = Files.readAttributes(real(), PosixFileAttributes.class);
    PosixFileAttributeView view = Files.getFileAttributeView(fresh, PosixFileAttributeView.class);
    PosixFileAttributes ours = view.readAttributes();
    boolean group = old.group().equals(ours.group()) || taken(() -> view.setGroup(old.group()));
    boolean owner = old.owner().equals(ours.owner()) || taken(() -> view.setOwner(old.owner()));
    Set<PosixFilePermission> mode = old.permissions();
    boolean readable =
        (owner && group)
            || mode.contains(PosixFilePermission.OTHERS_READ)
            || (group && mode.contains(PosixFilePermission.GROUP_READ));
    if (!readable) {
      throw new OperatorException(new Problem(
          ErrorCode.POOLER_FILE_UNUSABLE,
          "the pooler could not read " + file + " any more after alias \"" + alias + "\" has been changed",
          "it would belong to " + ours.owner().getName() + ":" + (group ? old : ours).group().getName()
              + ", where it now belongs to " + old.owner().getName() + ":" + old.group().getName() + " with mode "
              + PosixFilePermissions.toString(mode),
          "usermod -aG " + old.group().getName() + " " + ours.owner().getName() + " && chmod g+r " + file));
    }
    view.setPermissions(mode);
  }

  private interface Change {
    void make() throws IOException;
  }

  private static boolean taken(Change change) {
    try {
      change.make();
      return true;
    } catch (IOException e) {
      return false; // Not ours to give: whether that matters is judged by the mode.
    }
  }

  private OperatorException unusable(String alias, IOException e) {
    String why = switch (e) {
      case NoSuchFileException gone -> "it, or its directory, is not there";
      case AccessDeniedException denied -> System.getProperty("user.name") + " may not read it, or not write to its directory";
      default -> DiskTrouble.of(e);
    };
    return new OperatorException(
        new Problem(
            ErrorCode.POOLER_FILE_UNUSABLE,
            "the line of alias \"" + alias + "\" in " + file + " cannot be changed",
            why,
            "ls -ld " + file + " \"$(dirname " + file + ")\"; the server's user needs to read the one and to write to the other"),
        e);
  }
}
