package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A service manager hears what it is told. Python plays it: Java cannot receive such datagrams either. */
class NotifySocketTest {

  private static final String LISTENER =
      """
      import socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      s.settimeout(60)
      name = sys.argv[1]
      s.bind('\\0' + name[1:] if name[0] == '@' else name)
      print('listening', flush=True)
      print(s.recv(1000).decode().replace('\\n', '|'), flush=True)
      """;

  @TempDir Path directory;

  private void assertHeard(String name) throws Exception {
    Process listener;
    try {
      listener = new ProcessBuilder("python3", "-c", LISTENER, name).redirectErrorStream(true).start();
    } catch (java.io.IOException e) {
      org.junit.jupiter.api.Assumptions.abort("no python3 here");
      return;
    }
    try (var said = listener.inputReader(StandardCharsets.UTF_8)) {
      assertThat(said.readLine()).isEqualTo("listening");
      assertThat(NotifySocket.of(Map.of("NOTIFY_SOCKET", name)).tell("READY=1\nSTATUS=größer")).isTrue();
      assertThat(said.readLine()).isEqualTo("READY=1|STATUS=größer");
      assertThat(listener.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      listener.destroyForcibly();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aSocketInTheFileSystemIsReached() throws Exception {
    assertHeard(directory.resolve("notify").toString());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anAbstractSocketIsReached() throws Exception {
    assertHeard("@helios-repl-test-" + ProcessHandle.current().pid());
  }

  @Test
  void nobodyIsToldWhereNobodyAsked() {
    assertThat(NotifySocket.of(Map.of()).tell("READY=1")).isTrue();
    assertThat(NotifySocket.of(Map.of("NOTIFY_SOCKET", "vsock:2:1")).tell("READY=1")).isTrue();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aSocketThatIsGoneIsNoReasonToStop() {
    assertThat(NotifySocket.of(Map.of("NOTIFY_SOCKET", directory.resolve("gone").toString())).tell("READY=1")).isFalse();
  }
}
