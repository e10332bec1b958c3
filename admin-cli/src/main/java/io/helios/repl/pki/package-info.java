/**
 * Certificates of servers: an authority of one's own, requests, what it issues, and the region that a certificate names. Files in
 * PEM, through Bouncy Castle.
 */
@NullMarked
package io.helios.repl.pki;

import org.jspecify.annotations.NullMarked;
