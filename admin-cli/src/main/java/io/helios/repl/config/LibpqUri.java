package io.helios.repl.config;

/** What is shown of connection URIs. Reading them is {@link io.helios.repl.postgres.ConnectionStrings}' part. */
final class LibpqUri {

  private LibpqUri() {}

  /** The same URI with its passwords hidden. */
  static String masked(String uri) {
    return uri.replaceFirst("(://[^/?#:@]*:)[^/?#]*@", "$1****@")
        .replaceAll("(?i)([?&](?:ssl)?password=)[^&]*", "$1****");
  }

  /** Whether it says who connects, so that nothing else may. */
  static boolean namesUser(String uri) {
    return uri.matches("[^/]*//[^/?@]+@.*") || uri.matches(".*[?&]user=.*");
  }
}
