package io.helios.repl.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Tells a service manager how its service is, as sd_notify(3) does: a datagram to the Unix socket that
 * {@code NOTIFY_SOCKET} names. Java has no datagrams on Unix sockets, so the C library is called. Does nothing where there
 * is no such socket, and on other systems than Linux. Any thread.
 */
final class NotifySocket {

  // Linux's numbers, the same on x86-64 and on ARM: bits/socket.h.
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
  private static final int MSG_NOSIGNAL = 0x4000;

  /** {@code struct sockaddr_un}: the family in two bytes, then at most 108 of a path. */
  private static final int PATH_BYTES = 108;

  private final byte[] path;

  private NotifySocket(byte[] path) {
    this.path = path;
  }

  static NotifySocket of(Map<String, String> environment) {
    String name = environment.getOrDefault("NOTIFY_SOCKET", "");
    byte[] path = name.getBytes(StandardCharsets.UTF_8);
    boolean usable =
        (name.startsWith("/") || name.startsWith("@"))
            && path.length < PATH_BYTES
            && System.getProperty("os.name").equals("Linux");
    if (usable && path[0] == '@') {
      path[0] = 0; // an abstract one
    }
    return new NotifySocket(usable ? path : new byte[0]);
  }

  /**
   * Sends lines such as {@code READY=1}. Returns false when there is somebody to tell who was not reached; nothing is
   * thrown then, since a service works without.
   */
  boolean tell(String state) {
    return path.length == 0 || send(state.getBytes(StandardCharsets.UTF_8));
  }

  @SuppressWarnings({"restricted", "IllegalCatch"})
  private boolean send(byte[] text) {
    try (Arena arena = Arena.ofConfined()) {
      int socket = (int) function("socket", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
          .invokeExact(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
      if (socket < 0) {
        return false;
      }
      MemorySegment address = arena.allocate(2 + PATH_BYTES);
      address.set(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder()), 0, (short) AF_UNIX);
      MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, 2, path.length);
      MemorySegment message = arena.allocateFrom(ValueLayout.JAVA_BYTE, text);
      long sent = (long) function("sendto", FunctionDescriptor.of(
              ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
          .invokeExact(socket, message, (long) text.length, MSG_NOSIGNAL, address, 2 + path.length);
      int closed = (int) function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT)).invokeExact(socket);
      return sent == text.length && closed == 0;
    } catch (Throwable e) {
      if (e instanceof Error error && !(e instanceof LinkageError)) {
        throw error;
      }
      return false;
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type);
  }
}
