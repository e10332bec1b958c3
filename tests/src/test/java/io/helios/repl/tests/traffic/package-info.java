/** The switches of a tenant's traffic, against what they switch: PgBouncer, programs, HTTP servers, PostgreSQL. */
@org.jspecify.annotations.NullMarked
package io.helios.repl.tests.traffic;
