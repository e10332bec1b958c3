package io.helios.repl.pipeline;

import io.helios.repl.apply.DdlPolicy;
import io.helios.repl.postgres.ConnectionSettings;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A target as configured.
 *
 * @param ddl what becomes of changes of a source's schema that can be carried out here; null: they are carried out on
 *     tables that helios-repl created, and stop the tenant elsewhere
 * @param regions whose servers may replicate tenants of their own to it; none but this server's where empty
 * @param peer the region whose server applies what is replicated to it, and knows it by the part of its name that follows the region; null:
 *     this server does
 * @param capacityBytes what the disk of its server holds; null when nobody has said
 */
public record TargetSettings(
    String name,
    ConnectionSettings connection,
    String region,
    @Nullable DdlPolicy ddl,
    List<String> regions,
    @Nullable String peer,
    @Nullable Long capacityBytes) {

  public TargetSettings {
    regions = List.copyOf(regions);
  }

  public TargetSettings(String name, ConnectionSettings connection, String region, @Nullable DdlPolicy ddl) {
    this(name, connection, region, ddl, List.of());
  }

  /** One of this server's own. */
  public TargetSettings(
      String name, ConnectionSettings connection, String region, @Nullable DdlPolicy ddl, List<String> regions) {
    this(name, connection, region, ddl, regions, null, null);
  }

  /** With a disk of that size. */
  public TargetSettings withCapacity(@Nullable Long bytes) {
    return new TargetSettings(name, connection, region, ddl, regions, peer, bytes);
  }

  /** A target of another region's server, called {@code REGION/NAME} here. */
  public static TargetSettings of(String peer, String nameThere, ConnectionSettings connection) {
    return new TargetSettings(peer + "/" + nameThere, connection, peer, null, List.of(), peer, null);
  }

  /** Its name at the server that applies. */
  String nameThere() {
    return peer == null ? name : name.substring(peer.length() + 1);
  }

  public TargetSettings(String name, ConnectionSettings connection, String region) {
    this(name, connection, region, null);
  }

  /**
   * The publication and slot with which it is captured when tenants move there. Slots are a server's, and it may hold several
   * targets of one name for different programs: with the database's name. Of another region's target see {@link MirrorNames}.
   */
  public String mirror() {
    String object = ("helios_" + name + "_" + connection.database()).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    return object.length() <= 63 ? object : object.substring(0, 63);
  }
}
