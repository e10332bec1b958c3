package io.helios.repl.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/** Reads {@code tracing:}, where traces go and how many. */
final class TracesReader {

  static final String FORM = "tracing: { otlp: \"http://127.0.0.1:4318/v1/traces\", sample: 0.01 }";

  private TracesReader() {}

  static ServerConfiguration.Traces read(Section section) {
    Optional<URI> otlp =
        section.parsed(
            "otlp", TracesReader::collector, "the http or https URL of a collector, without credentials or parameters: " + FORM);
    double fallback = ServerConfiguration.Traces.DEFAULT.sample();
    double sample =
        section.parsed(
            "sample", TracesReader::share, "a share from 0 to 1, such as 0.01", fallback, Double.toString(fallback));
    if (section.has("sample") && section.raw("otlp").isEmpty()) {
      section.missing("otlp", "nothing says where the traces go", FORM);
    }
    section.close();
    return new ServerConfiguration.Traces(otlp.orElse(null), sample);
  }

  private static Optional<URI> collector(String text) {
    try {
      URI uri = new URI(text);
      boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      return http && uri.getHost() != null && uri.getRawUserInfo() == null && uri.getRawQuery() == null ? Optional.of(uri) : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private static Optional<Double> share(String text) {
    return text.matches("0|1|1\\.0{1,9}|0?\\.\\d{1,9}") ? Optional.of(Double.valueOf(text)) : Optional.empty();
  }
}
