package io.helios.repl.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.pipeline.Fleet;
import io.helios.repl.postgres.ConnectionSettings;
import io.helios.repl.postgres.PgConnections;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tests.fixture.Certificates;
import io.helios.repl.tests.fixture.Database;
import io.helios.repl.tests.fixture.Postgres;
import io.helios.repl.tests.pipeline.Replication;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that takes nothing but TLS, with a certificate of an authority that we are told to trust. */
class TlsTest {

  private final Path directory;

  private final Certificates authority;
  private final LocalPostgres server;

  TlsTest(@TempDir Path directory) throws Exception {
    this.directory = directory;
    authority = new Certificates(directory, "authority");
    Certificates.Signed own = authority.server("server", "127.0.0.1");
    server = Postgres.start(
        17,
        Map.of(
            "ssl", "on",
            "ssl_cert_file", own.certificate().toString(),
            "ssl_key_file", own.key().toString(),
            "ssl_ca_file", authority.file().toString()));
    // From here on nobody comes in without TLS, and the role "reader" only with a certificate of its own.
    Path rules = Path.of(new Database(server, "postgres").value("SHOW hba_file"));
    Postgres.execute(server, "postgres", "CREATE ROLE reader LOGIN REPLICATION SUPERUSER");
    Files.writeString(
        rules,
        """
        hostssl all,replication reader 127.0.0.1/32 cert
        hostssl all,replication postgres 127.0.0.1/32 trust
        """);
    Postgres.execute(server, "postgres", "SELECT pg_reload_conf()");
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private ConnectionSettings with(ConnectionSettings settings, String user, Map<String, String> parameters) {
    return new ConnectionSettings(settings.host(), settings.port(), settings.database(), user, null, parameters);
  }

  private Map<String, String> verified(Certificates trusted) {
    return Map.of("sslmode", "verify-full", "sslrootcert", trusted.file().toString());
  }

  @Test
  void aTenantIsCopiedStreamedAndVerifiedWithoutAByteInClear() throws Exception {
    Map<String, String> parameters = new LinkedHashMap<>(verified(authority));
    Certificates.Signed reader = authority.client("reader");
    Map<String, String> certified = new LinkedHashMap<>(parameters);
    certified.put("sslcert", reader.certificate().toString());
    certified.put("sslkey", reader.key().toString());
    Database source = Database.create(server);
    Database target = Database.create(server);
    source.execute(
        "CREATE TABLE orders (tenant_id text, id int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO orders SELECT 'a', i FROM generate_series(1, 1000) i");
    try (Replication replication =
        new Replication(
            directory.resolve("data"), source, with(source.settings(), "reader", certified), target,
            with(target.settings(), "postgres", parameters), new Tenancy.ByColumn("tenant_id"), null)) {
      UUID tenant = replication.start("a");
      source.execute("INSERT INTO orders SELECT 'a', i FROM generate_series(1001, 2000) i");
      replication.catchUp(tenant);
      replication.equal("SELECT * FROM orders ORDER BY id");
      assertThat(Fleet.await(replication.fleet.verify(tenant, Replication.PATIENCE), Replication.PATIENCE).equal()).isTrue();
      assertThat(source.query(
              "SELECT DISTINCT a.usename, a.backend_type, s.ssl FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)"
                  + " WHERE a.application_name LIKE 'helios-repl/%'"))
          .contains("reader|walsender|t", "postgres|client backend|t")
          .allMatch(session -> session.endsWith("|t"));
    }
  }

  private ErrorCode refusal(String host, String user, Map<String, String> parameters) {
    ConnectionSettings settings = new ConnectionSettings(host, server.port(), "postgres", user, null, parameters);
    OperatorException e =
        catchThrowableOfType(OperatorException.class, () -> PgConnections.open(settings, "test", null).close());
    assertThat(e).as("it was let in").isNotNull();
    assertThat(e.problem().hint()).isNotBlank();
    return e.problem().code();
  }

  @Test
  void whatCannotBeTrustedIsRefusedByName() throws Exception {
    Certificates stranger = new Certificates(directory, "stranger");
    Map<String, String> byAuthority =
        Map.of("sslmode", "verify-ca", "sslrootcert", authority.file().toString());
    // The certificate is made out for 127.0.0.1, by an authority that we trust.
    try (Connection connection = PgConnections.open(
            new ConnectionSettings("localhost", server.port(), "postgres", "postgres", null, byAuthority), "test", null);
        ResultSet row = connection.createStatement()
            .executeQuery("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) {
      row.next();
      assertThat(row.getBoolean(1)).isTrue();
    }
    assertThat(refusal("localhost", "postgres", verified(authority))).isEqualTo(ErrorCode.CONNECTION_NOT_TRUSTED);
    assertThat(refusal("127.0.0.1", "postgres", verified(stranger))).isEqualTo(ErrorCode.CONNECTION_NOT_TRUSTED);
    assertThat(refusal(
            "127.0.0.1", "postgres", Map.of("sslmode", "verify-ca", "sslrootcert", stranger.file().toString())))
        .isEqualTo(ErrorCode.CONNECTION_NOT_TRUSTED);
    assertThat(refusal(
            "127.0.0.1", "postgres",
            Map.of("sslmode", "verify-full", "sslrootcert", directory.resolve("nowhere.crt").toString())))
        .isEqualTo(ErrorCode.CONNECTION_NOT_TRUSTED);
    assertThat(refusal("127.0.0.1", "postgres", Map.of("sslmode", "disable")))
        .isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
    assertThat(refusal("127.0.0.1", "reader", verified(authority))).isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
    Certificates.Signed other = authority.client("somebody");
    assertThat(refusal(
            "127.0.0.1", "reader",
            Map.of(
                "sslmode", "verify-full", "sslrootcert", authority.file().toString(), "sslcert",
                other.certificate().toString(), "sslkey", other.key().toString())))
        .isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
  }
}
