package io.helios.repl.pipeline;

import io.helios.repl.apply.ApplySettings;
import io.helios.repl.apply.JdbcTarget;
import io.helios.repl.apply.SourceCatalog;
import io.helios.repl.apply.Target;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.postgres.JdbcWalStream;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.postgres.SourceIdentity;
import io.helios.repl.postgres.WalStream;
import io.helios.repl.postgres.Way;
import io.helios.repl.relay.DirectorySegmentFiles;
import io.helios.repl.relay.SegmentFiles;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What the engine touches of the world: time, the journal's disk, a source's WAL, a target. Each method is a seam; as they
 * stand they give the real thing, and whoever makes a {@link Fleet} may give it another. Any thread may call any method.
 */
public interface Surroundings {

  /** The world as it is. */
  Surroundings REAL = new Surroundings() {};

  default Ticker ticker() {
    return Ticker.SYSTEM;
  }

  /**
   * Whether this process may touch sources and targets now; asked before each turn. One that was stopped for a while may have been replaced by
   * another one.
   */
  default boolean mayWork() {
    return true;
  }

  /**
   * Where a source's journal is kept.
   *
   * @param directory the source's own, below the data directory
   */
  default SegmentFiles segmentFiles(Path directory) throws IOException {
    return new DirectorySegmentFiles(directory);
  }

  /**
   * A source's slot, opened; throws what {@link JdbcWalStream#open} throws.
   *
   * @param server the one that was found there before: another one is refused
   */
  default WalStream walStream(SourceSettings source, SourceIdentity server, Lsn from, boolean binary) {
    JdbcWalStream stream =
        source.capture().synchronous() == null
            ? JdbcWalStream.open(source.connection(), source.slot(), source.publication(), from, binary)
            : JdbcWalStream.openStandby(source.connection(), source.slot(), source.publication(), from, binary);
    return stream.of(server);
  }

  /** @param sources where its appliers ask when a table has changed */
  default Target target(TargetSettings target, ApplySettings settings, SourceCatalog sources) {
    return new JdbcTarget(target.name(), target.connection(), settings, sources, target.ddl());
  }

  /**
   * To the database of another region's target.
   *
   * @throws io.helios.repl.error.OperatorException when there is no such peer
   */
  default Way way(String region, String target) {
    throw new OperatorException(
        new Problem(
            ErrorCode.ENDPOINT_NOT_CONFIGURED,
            "there is no region \"" + region + "\" to reach target \"" + target + "\" in",
            "this server's peers: does not name it",
            "peers: { " + region + ": { url: …, ca: FILE } }"));
  }

  /** Where the spans of frames go; asked once by each fleet, which starts and closes it. */
  default Tracing tracing() {
    return Tracing.OFF;
  }
}
