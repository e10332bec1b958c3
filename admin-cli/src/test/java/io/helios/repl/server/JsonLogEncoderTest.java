package io.helios.repl.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;
import tools.jackson.databind.JsonNode;

class JsonLogEncoderTest {

  private final LoggerContext context = new LoggerContext();

  private LoggingEvent event(String message, @Nullable Throwable thrown) {
    LoggingEvent event =
        new LoggingEvent("here", context.getLogger("io.helios.repl.Part"), Level.WARN, message, thrown, new Object[] {"a\nb"});
    event.setInstant(Instant.parse("2026-01-01T00:00:00.5Z"));
    event.setThreadName("helios-capture-shop");
    event.setMDCPropertyMap(Map.of("source", "shop"));
    return event;
  }

  private static JsonNode line(LoggingEvent event) {
    String text = new String(new JsonLogEncoder().encode(event), StandardCharsets.UTF_8);
    assertThat(text).endsWith("}\n");
    assertThat(text.lines()).as("one line, whatever is in it").hasSize(1);
    return Json.MAPPER.readTree(text);
  }

  @Test
  void anEventIsOneLineWithItsThreadsSourceAsAField() {
    assertThat(line(event("said {}", null)))
        .isEqualTo(
            Json.MAPPER.readTree(
                """
                {"at": "2026-01-01T00:00:00.500Z", "level": "WARN", "logger": "io.helios.repl.Part",
                 "thread": "helios-capture-shop", "message": "said a\\nb", "source": "shop"}
                """));
  }

  @Test
  void whatWasThrownGivesItsCodeLsnTableAndTrace() {
    Problem problem = new Problem(ErrorCode.INTERNAL, "what", "why", "hint", "2/A0", "public.orders");
    JsonNode line = line(event("failed {}", new OperatorException(problem)));

    assertThat(line.path("code").asString()).isEqualTo("HR-9001");
    assertThat(line.path("lsn").asString()).isEqualTo("2/A0");
    assertThat(line.path("table").asString()).isEqualTo("public.orders");
    assertThat(line.path("trace").asString()).contains("OperatorException").contains("\n");
  }

  @Test
  void fieldsThatTheCallerNamesAreFields() {
    LoggingEvent event = event("said {}", null);
    event.setKeyValuePairs(List.of(new KeyValuePair("tenant", "acme"), new KeyValuePair("code", "HR-1")));

    assertThat(line(event).path("tenant").asString()).isEqualTo("acme");
    assertThat(line(event).path("code").asString()).isEqualTo("HR-1");
  }
}
