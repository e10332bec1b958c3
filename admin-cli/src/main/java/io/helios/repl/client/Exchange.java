package io.helios.repl.client;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request to a server and its whole answer. Any thread. */
sealed interface Exchange permits PlainExchange, HttpExchange {

  Duration CONNECT = Duration.ofSeconds(5);

  /** Deleting and preparing block in the server; everything else answers within half a minute. */
  Duration ANSWER = Duration.ofMinutes(10);

  /**
   * A request.
   *
   * @param headers visible ASCII; those that belong to the connection and to the body are not among them
   * @param body JSON; null for none
   */
  record Request(String method, URI uri, Map<String, String> headers, byte @Nullable [] body) {}

  /**
   * An answer.
   *
   * @param type its media type, empty when it tells none
   */
  record Answer(int status, String type, byte[] body) {}

  /**
   * Sends it once and reads the answer to its end.
   *
   * @throws java.net.ConnectException when nobody took the connection: the server has not seen the request
   * @throws IOException when the connection broke: the server may have seen it, or not
   */
  Answer send(Request request) throws IOException, InterruptedException;
}
