/** Whether a database is there: probes, what follows from them here, and what follows from what several observers say of it. */
@NullMarked
package io.helios.repl.failover.observation;

import org.jspecify.annotations.NullMarked;
