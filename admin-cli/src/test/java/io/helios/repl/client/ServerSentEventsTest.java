package io.helios.repl.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The wire format, as WHATWG HTML has it. */
class ServerSentEventsTest {

  private static List<ServerSentEvents.Message> read(String text) throws IOException {
    List<ServerSentEvents.Message> all = new ArrayList<>();
    try (ServerSentEvents events = new ServerSentEvents(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))) {
      for (ServerSentEvents.Message m = events.next(); m != null; m = events.next()) {
        all.add(m);
      }
    }
    return all;
  }

  @Test
  void eventsAreReadWithTheirNamesAndTheLastId() throws IOException {
    assertThat(read("retry: 1000\n: hello\n\nid: 7\nevent: event\ndata: {\"a\": 1}\n\nevent: fleet\ndata:{}\n\n"))
        .containsExactly(
            new ServerSentEvents.Message("7", "event", "{\"a\": 1}"), new ServerSentEvents.Message("7", "fleet", "{}"));
  }

  @Test
  void linesOfDataBelongTogetherHoweverTheyEnd() throws IOException {
    assertThat(read("data: one\r\ndata:  two\r\ndata\r\n\r\n"))
        .containsExactly(new ServerSentEvents.Message("", "message", "one\n two\n"));
  }

  @Test
  void whatWasCutOffIsNotAnEvent() throws IOException {
    assertThat(read("event: event\ndata: {}\n\nid: 9\ndata: {\"half")).hasSize(1);
  }

  @Test
  void aNameWithoutDataIsForgotten() throws IOException {
    assertThat(read("event: fleet\n\ndata: x\n\n")).containsExactly(new ServerSentEvents.Message("", "message", "x"));
  }
}
