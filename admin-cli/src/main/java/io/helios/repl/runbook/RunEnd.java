package io.helios.repl.runbook;

import org.jspecify.annotations.Nullable;

/**
 * How a run stopped.
 *
 * @param step where, if it is not done
 * @param exitCode one of the client's
 * @param why empty when it is done
 */
public record RunEnd(RunState state, @Nullable PlannedStep step, int exitCode, String why) {}
