package io.helios.repl.tui;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.terminal.Terminal;
import com.googlecode.lanterna.terminal.ansi.UnixLikeTTYTerminal;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;

/**
 * The terminal that the process was started in. Keys that would be signals (Ctrl-C, Ctrl-Z) come as keys, for either would
 * leave the terminal raw. However the process ends, short of being killed, the terminal is as it was: Lanterna's hook puts it
 * back, and after that nothing is written any more.
 */
final class OperatorTerminal extends UnixLikeTTYTerminal {

  private static final File DEVICE = new File("/dev/tty");
  private static final TerminalSize CLASSIC = new TerminalSize(80, 24);

  private final Gate gate;

  private OperatorTerminal(Gate gate, Charset charset) throws IOException {
    super(DEVICE, new FileInputStream(FileDescriptor.in), gate, charset, CtrlCBehaviour.TRAP);
    this.gate = gate;
  }

  /** @param charset what the terminal's locale says */
  static Terminal open(Charset charset) throws IOException {
    return new OperatorTerminal(new Gate(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16)), charset);
  }

  @Override
  protected void keyStrokeSignalsEnabled(boolean enabled) throws IOException {
    runSTTYCommand(enabled ? "isig" : "-isig");
  }

  /** Asks the device: asking the terminal itself takes the keys' way, and waits where nobody answers. */
  @Override
  protected TerminalSize findTerminalSize() throws IOException {
    String[] words = runSTTYCommand("size").strip().split(" ", -1);
    if (words.length == 2 && words[0].matches("[1-9]\\d{0,3}") && words[1].matches("[1-9]\\d{0,3}")) {
      return new TerminalSize(Integer.parseInt(words[1]), Integer.parseInt(words[0]));
    }
    return CLASSIC;
  }

  @Override
  public void exitPrivateMode() throws IOException {
    synchronized (gate) {
      super.exitPrivateMode();
      gate.shut();
    }
  }

  /** What is written after the end does not arrive. Lanterna locks it for each write. */
  private static final class Gate extends FilterOutputStream {

    private boolean shut;

    Gate(OutputStream out) {
      super(out);
    }

    synchronized void shut() throws IOException {
      flush();
      shut = true;
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int length) throws IOException {
      if (!shut) {
        out.write(bytes, from, length);
      }
    }

    @Override
    public synchronized void write(int b) throws IOException {
      if (!shut) {
        out.write(b);
      }
    }
  }
}
