package io.helios.repl.config;

import java.net.URI;
import java.nio.file.Path;

/**
 * Another region's server.
 *
 * @param region which its certificate must name
 * @param url https, host and port
 * @param ca the authorities of its certificate, in PEM: no other's counts, for calls in either direction
 */
public record PeerSettings(String region, URI url, Path ca) {}
