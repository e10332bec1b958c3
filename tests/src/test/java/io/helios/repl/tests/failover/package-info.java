/** A tenant's home dies, its target is promoted, and the home comes back: on real servers, which are killed. */
package io.helios.repl.tests.failover;
