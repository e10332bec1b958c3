/**
 * The relay journal: sealed frames of all tenants of one source, durable, read by tenant. Knows neither PostgreSQL
 * nor JDBC nor keys.
 */
@NullMarked
package io.helios.repl.relay;

import org.jspecify.annotations.NullMarked;
