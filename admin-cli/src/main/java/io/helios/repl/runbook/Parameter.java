package io.helios.repl.runbook;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What whoever runs a runbook says of it.
 *
 * @param fallback the value where none is given; null where there is none
 * @param pattern what a value, or each of a list, has to match as a whole; null for anything that is no option
 * @param list whether it holds several values, written with commas between them
 */
public record Parameter(
    String name,
    String description,
    boolean required,
    @Nullable String fallback,
    @Nullable Pattern pattern,
    boolean list,
    int line) {}
