/**
 * Runbooks: a procedure as a file of steps. Reading and checking one, planning it with its parameters, running the steps one
 * after the other and writing each down before it begins and after it ended, so that a run goes on where it stopped. Knows
 * neither the command line nor the server: both come in through seams.
 */
@NullMarked
package io.helios.repl.runbook;

import org.jspecify.annotations.NullMarked;
