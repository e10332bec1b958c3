package io.helios.repl.tenant;

/** How a source tells its tenants apart. */
public sealed interface Tenancy {

  /** Tenants share tables; the named column says whose a row is. */
  record ByColumn(String column) implements Tenancy {}

  /** A schema each; {@code pattern} holds {@code {key}} once, for example {@code tenant_{key}}. */
  record BySchema(String pattern) implements Tenancy {

    public BySchema {
      if (pattern.indexOf("{key}") < 0 || pattern.indexOf("{key}") != pattern.lastIndexOf("{key}")) {
        throw new IllegalArgumentException("the schema pattern must contain {key} exactly once: " + pattern);
      }
    }

    /** The schema of the tenant with this key. */
    public String schemaOf(String key) {
      return pattern.replace("{key}", key);
    }
  }

  /** The source's database is one tenant. */
  record ByDatabase() implements Tenancy {}
}
