package io.helios.repl.peer;

import io.helios.repl.apply.Replicated;
import io.helios.repl.pipeline.GivenTenant;
import io.helios.repl.postgres.Lsn;
import io.helios.repl.seal.SealedKey;
import io.helios.repl.tenant.ConflictPolicy;
import io.helios.repl.tenant.Fencing;
import io.helios.repl.tenant.TableFilter;
import io.helios.repl.tenant.Tenancy;
import io.helios.repl.tenant.Tenant;
import io.helios.repl.tenant.Tier;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A tenant that is given to another region's server, in JSON. Pure. */
public final class GivenDocument {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private GivenDocument() {}

  public static byte[] encode(GivenTenant given) {
    ObjectNode document =
        JSON.createObjectNode()
            .put("kind", "GivenTenant")
            .put("incarnation", given.incarnation().toString())
            .put("revision", given.revision())
            .put("distrusted", given.distrusted());
    tenant(document.putObject("tenant"), given.tenant());
    replicated(document.putObject("replicated"), given.what());
    ArrayNode keys = document.putArray("keys");
    for (SealedKey key : given.keys()) {
      keys.addObject()
          .put("generation", key.generation())
          .put("from", key.from())
          .put("to", key.to())
          .put("sealed", Base64.getEncoder().encodeToString(key.sealed()));
    }
    GivenTenant.Hold hold = given.hold();
    if (hold != null) {
      document.putObject("hold").put("number", hold.number()).put("at", hold.at().value());
    }
    return JSON.writeValueAsBytes(document);
  }

  private static void tenant(ObjectNode node, Tenant tenant) {
    node.put("id", tenant.id().toString())
        .put("name", tenant.name())
        .put("key", tenant.key())
        .put("source", tenant.source())
        .put("target", tenant.target())
        .put("tier", tenant.tier().label())
        .put("lagTarget", tenant.lagTarget().toString())
        .put("conflicts", tenant.conflicts().name())
        .put("epoch", tenant.epoch())
        .put("fencing", tenant.fencing().name());
    ArrayNode tables = node.putArray("tables");
    tenant.tables().globs().forEach(tables::add);
  }

  private static void replicated(ObjectNode node, Replicated what) {
    switch (what.tenancy()) {
      case Tenancy.ByColumn(String column) -> node.put("column", column);
      case Tenancy.BySchema(String pattern) -> node.put("schema", pattern);
      case Tenancy.ByDatabase() -> node.put("database", true);
    }
    node.put("reference", what.reference())
        .put("sourceName", what.sourceName())
        .put("sourceSystem", what.sourceSystem())
        .put("sourceRegion", what.sourceRegion());
  }

  /** Null when it is none. */
  public static @Nullable GivenTenant decode(byte[] body) {
    try {
      JsonNode document = JSON.readTree(body);
      if (!document.path("kind").asString("").equals("GivenTenant")) {
        return null;
      }
      Tenant tenant = tenant(document.path("tenant"));
      JsonNode hold = document.path("hold");
      return new GivenTenant(
          uuid(document, "incarnation"),
          number(document, "revision"),
          tenant,
          replicated(document.path("replicated")),
          keys(document.path("keys"), tenant.id()),
          hold.isObject() ? new GivenTenant.Hold(number(hold, "number"), new Lsn(number(hold, "at"))) : null,
          number(document, "distrusted"));
    } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
      return null; // not ours to understand
    }
  }

  private static Tenant tenant(JsonNode node) {
    List<String> globs = new ArrayList<>();
    node.path("tables").forEach(glob -> globs.add(glob.asString()));
    return new Tenant(
        uuid(node, "id"),
        text(node, "name"),
        text(node, "key"),
        text(node, "source"),
        text(node, "target"),
        new TableFilter(globs),
        Tier.of(text(node, "tier")),
        Duration.parse(text(node, "lagTarget")),
        ConflictPolicy.valueOf(text(node, "conflicts")),
        number(node, "epoch"),
        Fencing.valueOf(node.path("fencing").asString(Fencing.EPOCH.name())));
  }

  private static Replicated replicated(JsonNode node) {
    Tenancy tenancy =
        node.has("column")
            ? new Tenancy.ByColumn(text(node, "column"))
            : node.has("schema") ? new Tenancy.BySchema(text(node, "schema")) : new Tenancy.ByDatabase();
    return new Replicated(
        tenancy,
        node.path("reference").asBoolean(),
        text(node, "sourceName"),
        number(node, "sourceSystem"),
        text(node, "sourceRegion"));
  }

  private static List<SealedKey> keys(JsonNode nodes, UUID tenant) {
    List<SealedKey> keys = new ArrayList<>();
    for (JsonNode node : nodes) {
      keys.add(
          new SealedKey(
              tenant,
              node.path("generation").asInt(),
              text(node, "from"),
              text(node, "to"),
              Base64.getDecoder().decode(text(node, "sealed"))));
    }
    return keys;
  }

  private static String text(JsonNode node, String name) {
    return node.path(name).asString();
  }

  private static UUID uuid(JsonNode node, String name) {
    return UUID.fromString(text(node, name));
  }

  private static long number(JsonNode node, String name) {
    return node.path(name).asLong();
  }
}
