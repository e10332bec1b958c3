package io.helios.repl.tui.fleet;

/**
 * How a tenant does against its lag target over a rolling window.
 *
 * @param windowSeconds how long the window is
 * @param attained share of the window within the target, 0 to 1
 * @param goal share that is promised
 * @param budgetLeft share of the error budget that is left; negative when it is overdrawn
 * @param burnRate how many times as fast as would just use up the budget
 */
public record Objective(double windowSeconds, double attained, double goal, double budgetLeft, double burnRate) {}
