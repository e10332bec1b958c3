package io.helios.repl.seal;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedJournalTest {

  private static final UUID TENANT = new UUID(1, 1);

  @TempDir private Path directory;

  @Test
  void noNonceIsUsedTwiceUnderAKeyHoweverOftenTheJournalIsOpenedAndRewound() throws IOException {
    MemoryKeyring keyring = new MemoryKeyring();
    keyring.create(TENANT);
    FrameSealer sealer = new FrameSealer(keyring, 3);
    FrameOpener opener = new FrameOpener(keyring);
    Set<String> used = new HashSet<>();
    long position = 0;
    for (int start = 0; start < 6; start++) {
      RelayJournal journal =
          RelayJournal.open(new DirectorySegmentFiles(directory), new RelayLimits(1 << 20, 1 << 20, 4096));
      for (int stream = 0; stream < 3; stream++) {
        position = journal.rewind();
        for (int i = 0; i < 20; i++) {
          position++;
          FrameSlot slot = journal.reserve(TENANT);
          byte[] plain = ("position " + position + ", tried as " + start + "/" + stream).getBytes(StandardCharsets.US_ASCII);
          FrameMeta meta =
              new FrameMeta(TENANT, FrameHeader.STREAM, 1, 42, 1, position, position, 0, 0, true, 1);
          Frame frame = sealer.seal(slot, meta, plain, plain.length);
          byte[] key = Objects.requireNonNull(keyring.current(TENANT).forSegment(slot.salt())).getEncoded();
          assertThat(used.add(HexFormat.of().formatHex(key) + slot.index())).isTrue();
          if (i % 7 != 3) { // a slot that is reserved, sealed for and then not used is not given out again either
            journal.append(frame);
          }
          if (i == 10) {
            journal.sync(position + 1);
          }
        }
      }
      journal.close();
    }
    RelayJournal journal = RelayJournal.open(new DirectorySegmentFiles(directory), new RelayLimits(1 << 20, 1 << 20));
    for (Frame frame : journal.fetch(TENANT, 0, 0, 1 << 20)) {
      assertThat(new String(opener.open(frame), StandardCharsets.US_ASCII)).startsWith("position " + frame.header().firstPosition() + ",");
    }
    journal.close();
    assertThat(used).hasSize(360);
  }
}
