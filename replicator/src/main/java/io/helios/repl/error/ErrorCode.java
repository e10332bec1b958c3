package io.helios.repl.error;

import java.util.Arrays;
import java.util.Optional;

/**
 * The catalogue of everything that can be wrong. Numbers are stable for ever: 1xxx configuration and usage, 2xxx source,
 * 3xxx target and applying, 4xxx journal, sealing and keys, 5xxx tenants, 6xxx verification, 7xxx migration, 8xxx
 * failover, 9xxx the server itself.
 */
public enum ErrorCode {
  // 1xxx configuration and usage
  // 2xxx source
  // 3xxx target and applying
  // 4xxx journal, sealing and keys
  FRAME_MALFORMED(4001, "A frame's header is malformed", "The bytes of a frame's header break their own rules or are of a format that this version does not know. Nothing of the frame is used. A peer of another version, or damage on the way, are the usual causes; `tenant resync` compares and repairs."),
  JOURNAL_CORRUPT(4002, "The relay journal is damaged", "A segment of the relay journal holds something that was not written there, before its last durable mark. The disk or something that writes to the data directory is the usual cause. Nothing after the damage is used. Set the journal's directory aside and resync its tenants."),
  JOURNAL_WRITE_FAILED(4003, "The relay journal cannot be written", "The disk refused a write: usually it is full. What was being written has been taken back, the source keeps its WAL meanwhile, and capture goes on by itself once there is room."),
  JOURNAL_READ_FAILED(4004, "The relay journal cannot be read", "The disk refused a read of the relay journal. It is tried again."),
  JOURNAL_SYNC_FAILED(4005, "The relay journal could not be made durable", "The disk did not confirm what was written since the last durable mark, so all of it is given up and captured again from the source."),
  JOURNAL_GAP(4006, "The relay journal no longer holds what the target lacks", "Changes after the target's position have been trimmed, or the journal is not the one that the target followed. Going on would lose changes: `tenant resync` compares and repairs."),
  JOURNAL_OVERFLOW(4007, "A tenant has outgrown its share of the relay journal", "The tenant's target did not take its changes for so long that they exceeded `relay.max-bytes-per-tenant`, or that the journal exceeded `relay.max-bytes`. What was held for it has been dropped so that others go on. Mend the target, then `tenant resync`."),
  JOURNAL_IN_USE(4008, "The relay journal is in use", "Another process, or another part of this one, has opened this journal's directory. One server owns a data directory."),
  JOURNAL_VERSION(4009, "The relay journal is of another version", "The journal was written by a version of helios-repl whose format this one does not know. Run that version, or let it drain the journal first."),
  FRAME_KEY_UNKNOWN(4101, "A frame's key is not in the keyring", "The frame was sealed with a key that has been shredded, or that this server never had. Without it nobody can read the frame."),
  FRAME_NOT_AUTHENTIC(4102, "A frame failed authentication", "The frame is not what was sealed: it was altered, or it stands where another belongs. Nothing of it is used. `tenant resync` compares and repairs."),
  FRAME_NOT_DECOMPRESSED(4103, "A frame cannot be decompressed", "The frame is authentic but what was sealed is not compressed data within the promised bounds. This is a bug in what sealed it."),
  FRAME_LENGTH_MISMATCH(4104, "A frame's length is not what its header says", "The frame was cut or lengthened on its way. Nothing of it is used; it is fetched again."),
  KEYRING_CORRUPT(4201, "A key file is damaged", "A tenant's key file does not open with the master key, or does not hold what it should. Restore the keyring directory from its backup."),
  MASTER_KEY_WRONG(4202, "The master key does not fit the keyring", "The tenants' keys were wrapped with another master key. Give the server the key that the keyring was made with."),
  MASTER_KEY_EXPOSED(4203, "The master key's file can be read by others", "Whoever reads the master key can read every tenant's frames. Its file must be the server's user's alone."),
  MASTER_KEY_INVALID(4204, "The master key is not a key", "A master key is 32 random bytes, written in base64."),
  KEYRING_UNAVAILABLE(4205, "The keyring cannot be read or written", "The disk or the rights of the keyring's directory do not allow it."),
  TENANT_KEY_MISSING(4206, "A tenant has no key", "Nothing can be sealed for the tenant: its key was shredded, or never made."),
  // 5xxx tenants
  // 6xxx verification
  // 9xxx the server itself
  INTERNAL(9001, "A bug in helios-repl", "An assumption of the program does not hold. The part that met it has stopped; the log has the details.");

  private final int number;
  private final String title;
  private final String explanation;

  ErrorCode(int number, String title, String explanation) {
    this.number = number;
    this.title = title;
    this.explanation = explanation;
  }

  /** For example {@code HR-2103}. */
  public String id() {
    return "HR-" + number;
  }

  public String title() {
    return title;
  }

  /** What it means and what usually mends it, in a few sentences. */
  public String explanation() {
    return explanation;
  }

  public static Optional<ErrorCode> byId(String id) {
    return Arrays.stream(values()).filter(code -> code.id().equalsIgnoreCase(id)).findFirst();
  }
}
