package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Event;
import java.time.Instant;

/** A line that tells what became of a key, for some seconds. */
public record Notice(Event.Severity severity, String text, Instant until) {}
