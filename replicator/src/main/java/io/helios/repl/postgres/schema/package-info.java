/**
 * Table definitions as statements: what a target needs to hold a source's tables, and where two catalogs differ. Stands
 * on {@code postgres}, knows nothing of tenants, and works between any two of PostgreSQL 14 to 18.
 */
@NullMarked
package io.helios.repl.postgres.schema;

import org.jspecify.annotations.NullMarked;
