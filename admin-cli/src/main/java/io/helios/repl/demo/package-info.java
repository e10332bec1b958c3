/** The demonstration: embedded servers, a small shop as workload, and the whole product on top of them. */
@NullMarked
package io.helios.repl.demo;

import org.jspecify.annotations.NullMarked;
