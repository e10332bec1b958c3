package io.helios.repl.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PlainExchangeTest {

  private static Exchange.Answer read(String answer) throws IOException {
    return PlainExchange.read(new ByteArrayInputStream(answer.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static String body(Exchange.Answer answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  @Test
  void anAnswerHasItsLengthOrComesInPartsOrEndsWithTheConnection() throws IOException {
    Exchange.Answer whole = read("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nContent-Length: 2\r\n\r\n{}more");
    assertThat(whole.status()).isEqualTo(200);
    assertThat(whole.type()).isEqualTo("application/json");
    assertThat(body(whole)).isEqualTo("{}");
    assertThat(body(read("HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\nA\r\n0123456789\r\n0\r\n\r\n")))
        .isEqualTo("abcd0123456789");
    assertThat(body(read("HTTP/1.0 200 \r\n\r\nup to the end"))).isEqualTo("up to the end");
    assertThat(read("HTTP/1.1 204 No Content\r\n\r\n").body()).isEmpty();
  }

  @Test
  void whatIsToldOnTheWayIsNoAnswer() throws IOException {
    assertThat(read("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").status()).isEqualTo(201);
  }

  @Test
  void whatIsCutOffIsNotTakenForAnAnswer() {
    for (String cut :
        new String[] {
          "",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
        }) {
      assertThatThrownBy(() -> read(cut)).as(cut).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void whatIsNoHttpIsRefused() {
    for (String other :
        new String[] {
          "SSH-2.0-OpenSSH\r\n",
          "HTTP/2 200\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n",
          "HTTP/1.1 200 OK\r\nX: " + "y".repeat(1 << 17)
        }) {
      assertThatThrownBy(() -> read(other)).isInstanceOf(ProtocolException.class);
    }
  }
}
