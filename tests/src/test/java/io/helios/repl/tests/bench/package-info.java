/**
 * The benchmark: helios-repl beside PostgreSQL's own subscription on the same backlog, in turns, in one run. It prints
 * figures and ratios and never judges: no test is timed. {@code mvn -q verify -Pbench -pl tests -am}.
 */
@NullMarked
package io.helios.repl.tests.bench;

import org.jspecify.annotations.NullMarked;
