package io.helios.repl.config;

/** Which version this is. */
public final class ProductVersion {

  private ProductVersion() {}

  /** As in the jar's manifest; {@code development} when run from classes. */
  public static String current() {
    String version = ProductVersion.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
