package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.config.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PermissionTest {

  @ParameterizedTest
  @CsvSource({
    "GET, /api/v1/tenants, READ, false",
    "GET, /api/v1/audit, READ, false",
    "POST, /api/v1/tenants/acme/wait, READ, false",
    "POST, /api/v1/tenants, ADMIN, true",
    "POST, /api/v1/apply, ADMIN, true",
    "DELETE, /api/v1/tenants/acme, ADMIN, true",
    "POST, /api/v1/tenants/acme/key/shred, ADMIN, true",
    "DELETE, /api/v1/slots/shop/helios_shop, ADMIN, true",
    "POST, /api/v1/failover/auto, ADMIN, true",
    "GET, /api/v1/failover/auto, READ, false",
    "GET, /api/v1/observations, READ, false",
    "POST, /api/v1/tenants/acme/start, OPERATE, true",
    "POST, /api/v1/tenants/acme/verify, OPERATE, true",
    "POST, /api/v1/migrations, OPERATE, true",
    "POST, /api/v1/tenants/acme/migration/plan, OPERATE, true",
    "POST, /api/v1/tenants/acme/migration/start, OPERATE, true",
    "POST, /api/v1/tenants/acme/migration/cutover, ADMIN, true",
    "POST, /api/v1/tenants/acme/migration/complete, ADMIN, true",
    "POST, /api/v1/tenants/acme/migration/wait, READ, false",
    "POST, /api/v1/failovers, ADMIN, true",
    "POST, /api/v1/tenants/acme/failover/plan, OPERATE, true",
    "POST, /api/v1/tenants/acme/failover/run, ADMIN, true",
    "POST, /api/v1/tenants/acme/failover/rejoin, OPERATE, true",
    "POST, /api/v1/tenants/acme/failover/failback, ADMIN, true",
    "POST, /api/v1/tenants/acme/failover/export, OPERATE, true",
    "POST, /api/v1/tenants/acme/failover/trial, OPERATE, true",
    "POST, /api/v1/tenants/acme/failover/wait, READ, false",
    "DELETE, /api/v1/tenants/acme/verification, OPERATE, true",
    "POST, /api/v1/sources/shop/prepare, OPERATE, true",
    "POST, /api/v1/runbooks, OPERATE, true",
    "POST, /api/v1/runbooks/trial-1/lease, OPERATE, true",
    "POST, /api/v1/runbooks/trial-1/steps/1, OPERATE, true",
    "POST, /api/v1/runbooks/trial-1/renew, READ, false",
    "POST, /api/v1/runbooks/trial-1/renew/x, OPERATE, true",
    "POST, /api/v1/something/new, OPERATE, true",
    "POST, /api/v1/server/drain, OPERATE, true",
    "DELETE, /api/v1/server/drain, OPERATE, true",
    "GET, /api/v1/server/drain, READ, false",
    "PUT, /api/v1/tenants, OPERATE, true",
    "POST, /api/v1/tenants/, ADMIN, true",
    "DELETE, /api/v1/tenants/acme//, ADMIN, true"
  })
  void whatChangesSomethingNeedsMoreThanToRead(String method, String path, Role role, boolean changes) {
    assertThat(Permission.of(method, path, false)).isEqualTo(new Permission(role, changes));
  }

  @Test
  void aPlanIsForEverybody() {
    assertThat(Permission.of("DELETE", "/api/v1/tenants/acme", true)).isEqualTo(new Permission(Role.READ, false));
    assertThat(Permission.of("POST", "/api/v1/server/drain", true)).isEqualTo(new Permission(Role.READ, false));
    assertThat(Permission.of("DELETE", "/api/v1/server/drain", true)).isEqualTo(new Permission(Role.OPERATE, true));
  }

  @Test
  void aDryRunIsNoWayAroundARoleWhereNothingHeedsIt() {
    assertThat(Permission.of("POST", "/api/v1/tenants/acme/verify", true)).isEqualTo(new Permission(Role.OPERATE, true));
    assertThat(Permission.of("DELETE", "/api/v1/tenants/acme/verification", true)).isEqualTo(new Permission(Role.OPERATE, true));
    assertThat(Permission.of("POST", "/api/v1/something/new", true)).isEqualTo(new Permission(Role.OPERATE, true));
  }

  @Test
  void eachRoleIncludesThoseBelowIt() {
    assertThat(Role.ADMIN.includes(Role.READ)).isTrue();
    assertThat(Role.OPERATE.includes(Role.OPERATE)).isTrue();
    assertThat(Role.READ.includes(Role.OPERATE)).isFalse();
  }
}
