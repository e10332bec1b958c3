package io.helios.repl.server;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import io.helios.repl.error.HeliosException;
import io.helios.repl.error.Problem;
import java.nio.charset.StandardCharsets;
import org.slf4j.event.KeyValuePair;
import tools.jackson.databind.node.ObjectNode;

/**
 * The log as one JSON object a line, for those who collect logs: {@code at}, {@code level}, {@code logger}, {@code thread},
 * {@code message}; where they are known {@code tenant}, {@code source}, {@code target}, {@code code}, {@code lsn}, {@code
 * table}; and {@code trace} of what was thrown.
 */
final class JsonLogEncoder extends EncoderBase<ILoggingEvent> {

  private static final byte[] NOTHING = {};

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    return (document(event) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  static ObjectNode document(ILoggingEvent event) {
    ObjectNode node =
        Json.MAPPER
            .createObjectNode()
            .put("at", Documents.time(event.getInstant()))
            .put("level", event.getLevel().toString())
            .put("logger", event.getLoggerName())
            .put("thread", event.getThreadName())
            .put("message", event.getFormattedMessage());
    event.getMDCPropertyMap().forEach(node::put);
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown instanceof ThrowableProxy proxy && proxy.getThrowable() instanceof HeliosException known) {
      put(node, known.problem());
    }
    if (event.getKeyValuePairs() != null) {
      for (KeyValuePair pair : event.getKeyValuePairs()) {
        node.put(pair.key, String.valueOf(pair.value));
      }
    }
    if (thrown != null) {
      node.put("trace", ThrowableProxyUtil.asString(thrown));
    }
    return node;
  }

  private static void put(ObjectNode node, Problem problem) {
    node.put("code", problem.code().id());
    if (problem.lsn() != null) {
      node.put("lsn", problem.lsn());
    }
    if (problem.table() != null) {
      node.put("table", problem.table());
    }
  }
}
