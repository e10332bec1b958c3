package io.helios.repl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndOfCommandTest {

  /** While it sits in the operating system, the virtual machine delays its own end by 0.3 s. */
  @Test
  void aCommandThatAskedAServerLeavesNoThreadOfItsClient() {
    Set<Thread> before = selectors();
    Ran.command("server", "status", "--server", "http://127.0.0.1:1");
    Set<Thread> left = selectors();
    left.removeAll(before);
    assertThat(left).isEmpty();
  }

  private static Set<Thread> selectors() {
    Set<Thread> all = new HashSet<>(Thread.getAllStackTraces().keySet());
    all.removeIf(thread -> !thread.getName().endsWith("SelectorManager"));
    return all;
  }
}
