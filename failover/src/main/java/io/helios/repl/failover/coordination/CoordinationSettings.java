package io.helios.repl.failover.coordination;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the registers are: {@code coordination:} of the configuration. */
public sealed interface CoordinationSettings {

  /** In the control store. */
  record Local() implements CoordinationSettings {}

  /**
   * In etcd.
   *
   * @param endpoints http or https, all of one kind
   * @param ca whose certificates the members have; null for those that Java trusts
   * @param certificate our own, with its key; null for none
   * @param user null for none
   * @param passwordFile the password is its first line, read at the start; null where there is no user
   * @param prefix stands before each key, so that several installations may share an etcd
   * @param timeout for each call; then no quorum has answered
   */
  record Etcd(
      List<URI> endpoints,
      @Nullable Path ca,
      @Nullable Path certificate,
      @Nullable Path key,
      @Nullable String user,
      @Nullable Path passwordFile,
      String prefix,
      Duration timeout)
      implements CoordinationSettings {

    public static final String PREFIX = "/helios-repl/";
    public static final Duration TIMEOUT = Duration.ofSeconds(2);

    public Etcd {
      endpoints = List.copyOf(endpoints);
    }
  }
}
