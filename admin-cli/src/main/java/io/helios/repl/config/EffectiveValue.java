package io.helios.repl.config;

/**
 * One value in force and where it comes from.
 *
 * @param key its path in the file, for example {@code sources.shop.slot}
 * @param value as text, secrets masked
 * @param origin {@code flag --listen}, {@code environment HELIOS_LISTEN}, {@code helios-repl.yaml:12}, {@code default}
 */
public record EffectiveValue(String key, String value, String origin) {}
