package io.helios.repl.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;

/** The server's log: lines on standard error, for people or as JSON. */
public final class ServerLogging {

  private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0}: %msg%n";

  private ServerLogging() {}

  /**
   * Replaces what is configured. Ours at INFO, the libraries' at WARN; with {@code debug} ours at DEBUG, theirs at
   * INFO.
   */
  public static void configure(boolean debug, LogFormat format) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    context.reset();
    Encoder<ILoggingEvent> encoder =
        switch (format) {
          case TEXT -> lines();
          case JSON -> new JsonLogEncoder();
        };
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(encoder);
    console.start();
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(debug ? Level.INFO : Level.WARN);
    root.addAppender(console);
    context.getLogger("io.helios.repl").setLevel(debug ? Level.DEBUG : Level.INFO);
    // It logs the trace of what is thrown at us anyway, and told in our own words.
    context.getLogger("io.javalin").setLevel(debug ? Level.INFO : Level.OFF);
    // Each call that fails; whoever called tells it once.
    context.getLogger("io.etcd").setLevel(debug ? Level.INFO : Level.ERROR);
  }

  private static Encoder<ILoggingEvent> lines() {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setPattern(PATTERN);
    return encoder;
  }
}
