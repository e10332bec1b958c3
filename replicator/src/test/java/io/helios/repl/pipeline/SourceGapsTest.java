package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helios.repl.capture.Routes;
import io.helios.repl.capture.TenantRoute;
import io.helios.repl.error.OperatorException;
import io.helios.repl.postgres.ConnectionStrings;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameHeader;
import io.helios.repl.relay.FrameSlot;
import io.helios.repl.relay.RelayJournal;
import io.helios.repl.relay.RelayLimits;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceGapsTest {

  private static final UUID TENANT = new UUID(0, 1);
  private static final Tenancy BY_COLUMN = new Tenancy.ByColumn("tenant_id");

  @TempDir Path directory;

  /** A resync waits for that before it makes another slot. */
  @Test
  void whoLosesTheSlotInTheMiddleOfATransactionIsForgottenDurablyThoughNothingIsEverStreamedAgain() throws IOException {
    Routes routes = new Routes(1, BY_COLUMN, TableFilter.ALL, null,
        List.of(new TenantRoute(TENANT, 1, TenantRoute.Kind.KEYED, "a", TableFilter.ALL)));
    SourceSettings settings = new SourceSettings("shop", ConnectionStrings.parse("postgresql://nobody@127.0.0.1:1/shop", null),
        BY_COLUMN, TableFilter.ALL, null, "helios_shop", "helios_shop", "here");
    try (RelayJournal journal =
        RelayJournal.open(new DirectorySegmentFiles(directory), new RelayLimits(8 << 20, 8 << 20, 1 << 20))) {
      journal.rewind();
      append(journal, 10, true);
      journal.sync(11);
      append(journal, 20, false);
      SourceGaps gaps = new SourceGaps(settings, journal, 0, (tenant, source, before) -> "it is told to", (severity, problem) -> {}, null);

      assertThatThrownBy(() -> gaps.slot(withoutSlot(), new SourceIdentity(7, 1, "shop", new Lsn(30)), routes))
          .isInstanceOf(OperatorException.class);

      assertThat(journal.overflowed()).containsExactly(TENANT);
      assertThat(journal.forget(TENANT)).isTrue();
    }
  }

  private static void append(RelayJournal journal, long position, boolean complete) {
    FrameSlot slot = journal.reserve(TENANT);
    FrameHeader header = new FrameHeader(TENANT, FrameHeader.STREAM, 1, 7, 1, slot.segment(), slot.index(), slot.sequence(),
        position, position, position, position, complete, 1, 1, 100, 100);
    assertThat(journal.append(new Frame(header, slot.salt(), new byte[100]))).isTrue();
  }

  private static Connection withoutSlot() {
    ResultSet none = answering(ResultSet.class, false);
    PreparedStatement query = answering(PreparedStatement.class, none);
    return answering(Connection.class, query);
  }

  /** Every call that returns anything returns this. */
  private static <T> T answering(Class<T> type, Object answer) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
        (proxy, method, args) -> method.getReturnType() == void.class ? null : answer));
  }
}
