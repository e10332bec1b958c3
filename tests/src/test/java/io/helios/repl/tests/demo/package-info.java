/** The demonstration's workload and its run, against real servers. */
@NullMarked
package io.helios.repl.tests.demo;

import org.jspecify.annotations.NullMarked;
