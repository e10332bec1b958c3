/**
 * What a tenant is, and how a source tells tenants apart.
 */
@NullMarked
package io.helios.repl.tenant;

import org.jspecify.annotations.NullMarked;
