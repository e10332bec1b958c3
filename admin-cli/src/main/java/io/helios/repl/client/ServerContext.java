package io.helios.repl.client;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A server that commands can be meant for, by a name of the user's own.
 *
 * @param server its address as a URL
 * @param tokenFile holds the bearer token; null where the token is found otherwise, or a certificate is enough
 * @param ca PEM certificates of the authorities that may have signed the server's; null for those of the Java runtime
 * @param certificate PEM certificates that tell the server who we are, our own first; null for none
 * @param key PEM private key of the first of them
 */
public record ServerContext(
    String name,
    String server,
    @Nullable Path tokenFile,
    @Nullable Path ca,
    @Nullable Path certificate,
    @Nullable Path key) {}
