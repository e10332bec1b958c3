package io.helios.repl.server;

import io.helios.repl.config.Durations;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.Problem;
import io.helios.repl.pipeline.DesiredState;
import io.helios.repl.tenant.Tenant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What has to change so that the tenants are as a file declares them. Pure.
 *
 * @param changed those that are there and declared otherwise
 * @param unchanged how many are as declared already
 * @param undeclared names of those that are there and not declared; they are left as they are
 * @param problems why it cannot be carried out; nothing of it may be then
 */
record TenantPlan(
    List<StoredTenant> created, List<Change> changed, int unchanged, List<String> undeclared, List<Problem> problems) {

  /** @param after with the identity, the epoch and the wish that it has */
  record Change(StoredTenant before, StoredTenant after, List<Field> fields) {
    String name() {
      return after.tenant().name();
    }
  }

  /** One field as it is and as it will be, written as declarations write it. */
  record Field(String name, String from, String to) {}

  /** Rows of one key go once from a source to a target. */
  private record Stream(String source, String target, String key) {
    static Stream of(Tenant t) {
      return new Stream(t.source(), t.target(), t.key());
    }
  }

  /**
   * @param there all tenants of the server
   * @param declared each with an identity that nobody has yet
   */
  static TenantPlan of(Collection<StoredTenant> there, List<StoredTenant> declared) {
    Map<String, StoredTenant> left = new LinkedHashMap<>();
    there.forEach(t -> left.put(t.tenant().name(), t));
    List<StoredTenant> created = new ArrayList<>();
    List<Change> changed = new ArrayList<>();
    List<Problem> problems = new ArrayList<>();
    Set<String> names = new HashSet<>();
    List<Tenant> afterwards = new ArrayList<>();
    int unchanged = 0;
    for (StoredTenant one : declared) {
      String name = one.tenant().name();
      if (!names.add(name)) {
        problems.add(twice(name));
        continue;
      }
      StoredTenant before = left.remove(name);
      List<Field> fields = before == null ? List.of() : differences(before.tenant(), one.tenant());
      if (before == null) {
        created.add(one);
      } else if (fields.isEmpty()) {
        unchanged++;
      } else if (before.desired() != DesiredState.CREATED && !one.tenant().replicatesAs(before.tenant())) {
        problems.add(begun(name, before.tenant(), fields));
      } else {
        changed.add(new Change(before, kept(before, one), fields));
      }
      afterwards.add(one.tenant());
    }
    left.values().forEach(t -> afterwards.add(t.tenant()));
    problems.addAll(twins(afterwards));
    return new TenantPlan(created, changed, unchanged, List.copyOf(left.keySet()), problems);
  }

  boolean isEmpty() {
    return created.isEmpty() && changed.isEmpty();
  }

  /** What a declaration says, field by field. */
  static Map<String, String> fields(Tenant t) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("source", t.source());
    fields.put("target", t.target());
    fields.put("key", t.key());
    fields.put("tables", t.tables().toString());
    fields.put("tier", t.tier().label());
    fields.put("lagTarget", Durations.format(t.lagTarget()));
    fields.put("conflictPolicy", t.conflicts().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    fields.put("fencing", t.fencing().label());
    return fields;
  }

  private static List<Field> differences(Tenant before, Tenant after) {
    Map<String, String> was = fields(before);
    List<Field> fields = new ArrayList<>();
    fields(after)
        .forEach(
            (field, to) -> {
              String from = was.getOrDefault(field, "");
              if (!from.equals(to)) {
                fields.add(new Field(field, from, to));
              }
            });
    return fields;
  }

  private static StoredTenant kept(StoredTenant before, StoredTenant declared) {
    Tenant was = before.tenant();
    Tenant to = declared.tenant();
    return new StoredTenant(
        new Tenant(
            was.id(),
            was.name(),
            to.key(),
            to.source(),
            to.target(),
            to.tables(),
            to.tier(),
            to.lagTarget(),
            to.conflicts(),
            was.epoch(),
            to.fencing()),
        before.desired(),
        before.created());
  }

  private static Problem twice(String name) {
    return new Problem(
        ErrorCode.TENANT_DECLARATION,
        "tenant \"" + name + "\" is declared twice",
        "names of tenants are unique, and which of the two is meant cannot be known",
        "remove one of them from the file");
  }

  private static Problem begun(String name, Tenant before, List<Field> fields) {
    String which =
        String.join(
            ", ",
            fields.stream().map(Field::name).filter(Set.of("key", "source", "target", "tables")::contains).toList());
    return new Problem(
        ErrorCode.TENANT_STATE,
        "tenant \"" + name + "\" has been started, and its " + which + " cannot be declared otherwise any more",
        "what target " + before.target() + " holds of it is what was declared first",
        "helios-repl tenant delete " + name + ", then apply again; or put back what the file said");
  }

  private static List<Problem> twins(List<Tenant> afterwards) {
    Map<Stream, String> streams = new HashMap<>();
    List<Problem> problems = new ArrayList<>();
    for (Tenant t : afterwards) {
      String other = streams.putIfAbsent(Stream.of(t), t.name());
      if (other != null) {
        problems.add(
            new Problem(
                ErrorCode.TENANT_EXISTS,
                "tenants \"" + other + "\" and \"" + t.name() + "\" would both replicate one key from " + t.source()
                    + " to " + t.target(),
                "two streams of the same rows to the same target would undo each other",
                "give one of them another key, or remove it"));
      }
    }
    return problems;
  }
}
