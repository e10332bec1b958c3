package io.helios.repl.runbook;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One step as its file has it.
 *
 * @param timeout null for the action's own
 * @param forEach the list parameter of whose values each makes one such step; null for a single one
 */
public record Step(
    String name, int line, Action action, @Nullable Duration timeout, OnFailure onFailure, @Nullable String forEach) {}
