package io.helios.repl.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A command whose connection breaks asks again, and what it asked for is done once. */
class BrokenConnectionTest {

  @TempDir static Path directory;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static TestServer.Ran through(Wreck wreck, String... arguments) {
    return server.run(
        Map.of("HELIOS_SERVER", "http://127.0.0.1:" + wreck.port(), "HELIOS_TOKEN", server.server().token()), arguments);
  }

  private static int timesDone(String name) throws Exception {
    return server.api("GET", "/audit?limit=1000", null).body().split("\"detail\":\"" + name + "\"", -1).length - 1;
  }

  private static String[] create(String name) {
    return new String[] {"tenant", "create", name, "--source", "shop", "--target", "shop-eu", "--key", name};
  }

  @Test
  void whatWasDoneIsNotDoneAgainWhenOnlyItsAnswerWasLost() throws Exception {
    try (Wreck wreck = new Wreck(At.BEFORE_THE_ANSWER, 2)) {
      TestServer.Ran ran = through(wreck, create("answer-lost"));
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(wreck.seen()).isEqualTo(3);
      assertThat(timesDone("answer-lost")).isEqualTo(1);
    }
  }

  @Test
  void whatNeverReachedTheServerIsDoneThen() throws Exception {
    try (Wreck wreck = new Wreck(At.BEFORE_THE_SERVER, 1)) {
      TestServer.Ran ran = through(wreck, create("request-lost"));
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(timesDone("request-lost")).isEqualTo(1);
    }
  }

  @Test
  void whileTheServerStillWorksOnItItsAnswerIsWaitedFor() throws Exception {
    try (Wreck wreck = new Wreck(At.WHILE_IT_IS_WORKED_ON, 1)) {
      TestServer.Ran ran = through(wreck, create("worked-on"));
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(timesDone("worked-on")).isEqualTo(1);
    }
  }

  @Test
  void aConnectionThatBreaksAgainAndAgainEndsTheCommandWithAWord() throws Exception {
    try (Wreck wreck = new Wreck(At.BEFORE_THE_SERVER, 1000)) {
      TestServer.Ran ran = through(wreck, create("never"));
      assertThat(ran.code()).isEqualTo(9);
      assertThat(ran.err()).contains("the connection ended before the answer").contains("hint:");
      assertThat(wreck.seen()).isEqualTo(4);
      assertThat(timesDone("never")).isZero();
    }
  }

  private enum At {
    BEFORE_THE_SERVER,
    WHILE_IT_IS_WORKED_ON,
    BEFORE_THE_ANSWER
  }

  /** Stands before the server and breaks the first connections at one place. A connection carries one request. */
  private static final class Wreck implements AutoCloseable {

    private static final Pattern LENGTH = Pattern.compile("content-length: *(\\d+)", Pattern.CASE_INSENSITIVE);

    private final At at;
    private final ServerSocket listening;
    private final AtomicInteger left;
    private final AtomicInteger seen = new AtomicInteger();

    Wreck(At at, int times) throws IOException {
      this.at = at;
      this.left = new AtomicInteger(times);
      this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      Thread.ofPlatform().daemon().name("wreck").start(this::accept);
    }

    int port() {
      return listening.getLocalPort();
    }

    int seen() {
      return seen.get();
    }

    private void accept() {
      try {
        while (true) {
          Socket client = listening.accept();
          Thread.ofPlatform().daemon().name("wreck-link").start(() -> carry(client));
        }
      } catch (IOException e) {
        return; // closed
      }
    }

    private void carry(Socket client) {
      try (client) {
        byte[] request = request(client.getInputStream());
        seen.incrementAndGet();
        boolean breaks = left.getAndDecrement() > 0;
        if (breaks && at == At.BEFORE_THE_SERVER) {
          return;
        }
        try (Socket there = new Socket(InetAddress.getLoopbackAddress(), server.server().address().getPort())) {
          there.getOutputStream().write(request);
          if (breaks && at == At.WHILE_IT_IS_WORKED_ON) {
            client.close();
          }
          byte[] answer = there.getInputStream().readAllBytes();
          if (!breaks) {
            client.getOutputStream().write(answer);
          }
        }
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private static byte[] request(InputStream in) throws IOException {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      while (!all.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
        all.write(in.read());
      }
      Matcher length = LENGTH.matcher(all.toString(StandardCharsets.ISO_8859_1));
      if (length.find()) {
        all.writeBytes(in.readNBytes(Integer.parseInt(length.group(1))));
      }
      return all.toByteArray();
    }

    @Override
    public void close() throws IOException {
      listening.close();
    }
  }
}
