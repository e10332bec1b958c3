package io.helios.repl.server;

import io.helios.repl.config.ApiAccess;
import io.helios.repl.config.ListenAddress;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.StateDirectory;
import io.javalin.Javalin;
import java.io.IOException;
import java.net.URI;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that stands by: it has its data directory, tells who is active, and refuses everything else (HR-9032). For load balancers it is not
 * ready.
 */
final class Standby implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Standby.class);

  private final DataDirectory data;
  private final FailedLogins logins;
  private final Javalin http;
  private final ListenAddress address;

  private Standby(DataDirectory data, FailedLogins logins, Javalin http, ListenAddress address) {
    this.data = data;
    this.logins = logins;
    this.http = http;
    this.address = address;
  }

  static Standby start(ServerConfiguration configuration, ControlStore store, StoreMembers members, StateDirectory state) {
    ApiAccess.Tls tls = configuration.access().tls();
    HeliosServer.requireTls(configuration);
    TlsConnector https = tls == null ? null : TlsConnector.of(tls, configuration.peers());
    DataDirectory data = DataDirectory.open(configuration.dataDirectory());
    AuditLog audit = new AuditLog(store);
    FailedLogins logins = new FailedLogins(audit::refusedLogins, System::nanoTime);
    try {
      Gate gate = new Gate(new Authentication(data.token(), configuration.access(), logins), audit, new IdempotencyKeys(store));
      Javalin http =
          HttpListener.start(
              configuration.listen(),
              https,
              routes -> {
                routes.get("/livez", r -> r.contentType("application/json").result("{\"status\":\"alive\"}"));
                routes.get("/readyz", r -> Api.answer(r, 503, Json.document("Readiness").put("status", "standby")));
                gate.install(routes);
                routes.before(
                    "/api/*",
                    r -> {
                      if (!r.path().equals(MemberRoutes.PATH)) {
                        throw members.standsBy();
                      }
                    });
                new MemberRoutes(members).install(routes);
                Api.explain(routes);
              });
      Standby standby = new Standby(data, logins, http, configuration.listen().withPort(http.port()));
      standby.publish(state);
      return standby;
    } catch (RuntimeException | Error e) {
      logins.close();
      data.close();
      throw e;
    }
  }

  private void publish(StateDirectory state) {
    try {
      data.publish(state, address);
    } catch (IOException e) {
      LOG.warn("commands will not find the token by themselves: {} cannot be written ({})", state.directory(), e.getMessage());
    }
  }

  URI address(ServerConfiguration configuration) {
    return configuration.access().tls() == null ? address.uri() : URI.create("https://" + address);
  }

  @Override
  public void close() {
    HttpListener.stop(http);
    logins.close();
    data.close();
  }
}
