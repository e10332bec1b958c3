/** What several servers agree on: registers that change by compare-and-swap, in etcd or, for one server alone, in its own store. */
@NullMarked
package io.helios.repl.failover.coordination;

import org.jspecify.annotations.NullMarked;
