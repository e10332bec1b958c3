package io.helios.repl.demo;

import io.helios.repl.error.HeliosException;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.status.TenantStatus;
import io.helios.repl.status.Verification;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;

/**
 * What the demonstration asks of the server that it runs on: the product's own, in this process. Errors are
 * {@link HeliosException}s. Called by the demonstration's thread.
 */
public interface DemoServer extends AutoCloseable {

  /** Starts one with a single source and a single target, tenants told apart by {@link Shop#TENANT_COLUMN}. */
  @FunctionalInterface
  interface Factory {
    DemoServer start(ConnectionSettings source, ConnectionSettings target, Path dataDirectory) throws IOException;
  }

  /** Where its API listens, on loopback. */
  URI address();

  /** Creates the tenant, whose key is its name, and asks it to start. Returns at once. */
  void startTenant(String tenant) throws InterruptedException;

  /** Every tenant that was started here, in that order. */
  List<TenantStatus> statuses();

  /** Returns when all that had been committed at the source before the call is committed at the target. */
  void awaitCaughtUp(String tenant, Duration patience) throws TimeoutException, InterruptedException;

  Verification verify(String tenant, Duration patience) throws TimeoutException, InterruptedException;

  /** Opens the dashboard on this process's terminal; returns when it is left. */
  void dashboard(Charset charset, boolean colours) throws IOException, InterruptedException;

  @Override
  void close();
}
