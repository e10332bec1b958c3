package io.helios.repl.runbook;

import java.time.Duration;
import java.util.List;

/**
 * A step as it will be run: its placeholders filled, its timeout known.
 *
 * @param name its step's, and for one of {@code for-each} the value at hand behind a colon
 * @param line of its step in the file
 * @param recovery what is run when it has failed; empty for a step of the recovery itself
 */
public record PlannedStep(
    String name, int line, Action action, Duration timeout, OnFailure onFailure, List<PlannedStep> recovery) {}
