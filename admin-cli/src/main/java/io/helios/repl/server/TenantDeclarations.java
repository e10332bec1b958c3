package io.helios.repl.server;

import io.helios.repl.config.Durations;
import io.helios.repl.config.PeerSettings;
import io.helios.repl.config.ServerConfiguration;
import io.helios.repl.config.Suggestion;
import io.helios.repl.config.TenantNames;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads declarations of tenants from JSON and judges them against the configuration. All problems of all of them are
 * told at once. One use, one thread.
 */
final class TenantDeclarations {

  private static final List<String> FIELDS =
      List.of("name", "key", "source", "target", "tables", "tier", "lagTarget", "conflictPolicy", "fencing");
  private static final Duration LAG_TARGET = Duration.ofSeconds(5);
  private static final int LONGEST_KEY = 1_000;

  private final ServerConfiguration configuration;
  private final List<Problem> problems = new ArrayList<>();

  TenantDeclarations(ServerConfiguration configuration) {
    this.configuration = configuration;
  }

  List<Problem> problems() {
    return problems;
  }

  /** Null after a problem. */
  @Nullable StoredTenant read(JsonNode node, Instant now) {
    int before = problems.size();
    if (!node.isObject()) {
      problem(
          "a tenant's declaration is not an object", "it has no fields", "{\"name\": …, \"source\": …, \"target\": …}");
      return null;
    }
    String name = text(node, "name").orElse("");
    String who = name.isEmpty() ? "a tenant" : "tenant \"" + TenantNames.printable(name) + "\"";
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!FIELDS.contains(field.getKey())) {
        problem(
            who + ": unknown field \"" + TenantNames.printable(field.getKey()) + "\"",
            "a field that is not understood would be ignored in silence",
            Suggestion.nearest(field.getKey(), FIELDS)
                .map(f -> "did you mean \"" + f + "\"?")
                .orElse("known: " + String.join(", ", FIELDS)));
      }
    }
    if (!TenantNames.isValid(name)) {
      problem(
          name.isEmpty() ? "a tenant has no name" : "\"" + TenantNames.printable(name) + "\" is no name for a tenant",
          TenantNames.RULE,
          "choose another name; the tenant's value in the data is its --key, which may be anything");
    }
    String key = text(node, "key").orElse(name);
    if (key.isEmpty() || key.length() > LONGEST_KEY || key.indexOf('\0') >= 0) {
      problem(
          who + ": the key is not right",
          "a key is 1 to " + LONGEST_KEY + " characters, none of them zero",
          "--key=KEY");
    }
    String source =
        endpoint(
            node,
            who,
            "source",
            ErrorCode.NO_SUCH_SOURCE,
            configuration.sources().stream().map(s -> s.name()).toList());
    String target =
        endpoint(
            node,
            who,
            "target",
            ErrorCode.NO_SUCH_TARGET,
            configuration.targets().stream().map(t -> t.name()).toList());
    TableFilter tables = tables(node, who);
    Tier tier = read(node, who, "tier", Tier.STANDARD, TenantDeclarations::tier, "premium, standard or best-effort");
    Duration lagTarget =
        read(
            node,
            who,
            "lagTarget",
            LAG_TARGET,
            text -> Durations.parse(text).filter(d -> d.isPositive() && d.compareTo(Duration.ofDays(7)) <= 0),
            Durations.FORM + ", at most 7d");
    ConflictPolicy policy =
        read(
            node, who, "conflictPolicy", ConflictPolicy.SOURCE_WINS, TenantDeclarations::policy, "source-wins or stop");
    Fencing fencing = read(node, who, "fencing", configuration.failover().fencing(), Fencing::of, "epoch or lease");
    if (problems.size() > before) {
      return null;
    }
    if (samePlace(source, target)) {
      problem(
          who + ": its source and its target are the same database",
          "source \"" + source + "\" and target \"" + target + "\" name one place",
          "choose another target");
      return null;
    }
    return new StoredTenant(
        new Tenant(UUID.randomUUID(), name, key, source, target, tables, tier, lagTarget, policy, 1, fencing),
        DesiredState.CREATED,
        now);
  }

  private boolean samePlace(String source, String target) {
    return configuration
        .source(source)
        .map(s -> s.connection().place())
        .equals(configuration.target(target).map(t -> t.connection().place()));
  }

  private String endpoint(JsonNode node, String who, String role, ErrorCode missing, List<String> known) {
    String name = text(node, role).orElse("");
    if (name.isEmpty()) {
      problem(
          who + ": no " + role,
          "a tenant is replicated from a source to a target",
          "--" + role + "=NAME; known: " + String.join(", ", known));
    } else if (role.equals("target") && name.indexOf('/') >= 0) {
      if (!configuration.isFarTarget(name)) {
        problems.add(
            new Problem(
                ErrorCode.NO_SUCH_TARGET,
                who + ": \"" + TenantNames.printable(name) + "\" is no target of a peer",
                configuration.peers().isEmpty()
                    ? "this server has no peers"
                    : "peers: " + configuration.peers().stream().map(PeerSettings::region).collect(Collectors.joining(", ")),
                "REGION/NAME, with a region of peers: and a target of that region's server"));
      }
    } else if (!known.contains(name)) {
      problems.add(
          new Problem(
              missing,
              who + ": there is no " + role + " \"" + TenantNames.printable(name) + "\"",
              known.isEmpty() ? "no " + role + " is configured" : "configured: " + String.join(", ", known),
              Suggestion.nearest(name, known)
                  .map(n -> "did you mean \"" + n + "\"?")
                  .orElse("helios-repl " + role + " list")));
    }
    return name;
  }

  private TableFilter tables(JsonNode node, String who) {
    JsonNode tables = node.path("tables");
    if (tables.isMissingNode() || tables.isNull()) {
      return TableFilter.ALL;
    }
    List<String> globs =
        (tables.isArray() ? tables.valueStream().map(TenantDeclarations::scalar) : Stream.of(scalar(tables).split(",")))
            .map(String::strip)
            .toList();
    if (globs.isEmpty() || globs.stream().anyMatch(g -> !g.matches("!?[^!\\x00\\n][^\\x00\\n]*"))) {
      problem(
          who + ": the tables are not right",
          "each is a glob of schema.table with * and ?, and ! before it excludes",
          "--tables='public.*,!public.audit'");
      return TableFilter.ALL;
    }
    return new TableFilter(globs);
  }

  private <T> T read(
      JsonNode node, String who, String field, T fallback, Function<String, Optional<T>> parser, String form) {
    Optional<String> text = text(node, field);
    if (text.isEmpty()) {
      return fallback;
    }
    Optional<T> value = parser.apply(text.get());
    if (value.isEmpty()) {
      problem(
          who + ": \"" + TenantNames.printable(text.get()) + "\" is no " + option(field).replace('-', ' '),
          "it is written " + form,
          "--" + option(field) + "=…");
    }
    return value.orElse(fallback);
  }

  private static Optional<Tier> tier(String text) {
    return Stream.of(Tier.values()).filter(t -> t.label().equals(text)).findFirst();
  }

  private static Optional<ConflictPolicy> policy(String text) {
    return Stream.of(ConflictPolicy.values())
        .filter(p -> p.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(text))
        .findFirst();
  }

  /** {@code lagTarget} as the option that sets it: {@code lag-target}. */
  private static String option(String field) {
    return field.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  private static Optional<String> text(JsonNode node, String field) {
    JsonNode value = node.path(field);
    return value.isMissingNode() || value.isNull() ? Optional.empty() : Optional.of(scalar(value));
  }

  private static String scalar(JsonNode value) {
    return value.isValueNode() ? value.asString() : "\0";
  }

  private void problem(String message, String why, String hint) {
    problems.add(new Problem(ErrorCode.TENANT_DECLARATION, message, why, hint));
  }
}
