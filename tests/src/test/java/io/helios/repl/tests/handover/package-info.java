/** A tenant's handover from its home to its target and back, on real servers, under load. */
package io.helios.repl.tests.handover;
