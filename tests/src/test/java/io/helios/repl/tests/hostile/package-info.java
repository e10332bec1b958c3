/** Storage and wires that do not give back what was written: a whole fleet, or an applier, on real databases. */
package io.helios.repl.tests.hostile;
