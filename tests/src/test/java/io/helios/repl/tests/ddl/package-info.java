/** The source's schema changes while its tenants stream: what is carried out, and what stops. */
@NullMarked
package io.helios.repl.tests.ddl;

import org.jspecify.annotations.NullMarked;
