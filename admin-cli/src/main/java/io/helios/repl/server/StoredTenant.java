package io.helios.repl.server;

import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tenant.Tenant;
import java.time.Instant;

/** A tenant as the control store keeps it: what was declared, and what was asked of it last. */
public record StoredTenant(Tenant tenant, DesiredState desired, Instant created) {}
