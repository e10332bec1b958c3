package io.helios.repl.client;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * HTTP/1.1 (RFC 9112) over a socket of its own for each request, for a server on this machine. Java's clients first look for a
 * logger, a selector and a TLS provider in every jar there is, which takes longer than all the rest of a short command; here
 * nothing is looked for. Any thread; an interrupt ends it on virtual ones.
 */
final class PlainExchange implements Exchange {

  private static final int LONGEST_HEAD = 64 << 10;

  @Override
  public Answer send(Request request) throws IOException {
    URI uri = request.uri();
    String host = uri.getHost().replaceAll("^\\[|\\]$", "");
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, uri.getPort() < 0 ? 80 : uri.getPort()), (int) CONNECT.toMillis());
      socket.setSoTimeout((int) ANSWER.toMillis());
      socket.getOutputStream().write(bytes(request));
      return read(new BufferedInputStream(socket.getInputStream()));
    }
  }

  /** In one piece, so that it goes in one packet where it fits. */
  private static byte[] bytes(Request request) {
    URI uri = request.uri();
    StringBuilder head =
        new StringBuilder(request.method())
            .append(' ')
            .append(uri.getRawPath())
            .append(uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery())
            .append(" HTTP/1.1\r\nHost: ")
            .append(uri.getRawAuthority())
            .append("\r\nConnection: close\r\n");
    request.headers().forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    byte[] body = request.body();
    if (body != null) {
      head.append("Content-Type: application/json\r\n");
    }
    if (body != null || request.method().equals("POST")) {
      head.append("Content-Length: ").append(body == null ? 0 : body.length).append("\r\n");
    }
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
    if (body != null) {
      all.writeBytes(body);
    }
    return all.toByteArray();
  }

  /**
   * Reads one answer.
   *
   * @throws ProtocolException when it is no HTTP
   * @throws EOFException when it ends too early
   */
  static Answer read(InputStream in) throws IOException {
    Head head = new Head(in);
    int status = status(head.line());
    String type = "";
    String coding = "";
    long length = -1;
    for (String line = head.line(); !line.isEmpty(); line = head.line()) {
      int colon = line.indexOf(':');
      String value = line.substring(colon + 1).strip();
      switch (colon < 0 ? "" : line.substring(0, colon).toLowerCase(Locale.ROOT)) {
        case "content-type" -> type = value;
        case "transfer-encoding" -> coding = value.toLowerCase(Locale.ROOT);
        case "content-length" -> length = number(value, 10);
        default -> {}
      }
    }
    if (status < 200) {
      return read(in); // told on the way
    }
    if (status == 204 || status == 304) {
      return new Answer(status, type, new byte[0]);
    }
    if (!coding.isEmpty()) {
      if (!coding.equals("chunked")) {
        throw new ProtocolException("what answers there codes its answer in a way that nobody asked for");
      }
      return new Answer(status, type, chunks(in));
    }
    return new Answer(status, type, length < 0 ? in.readAllBytes() : exactly(in, length));
  }

  private static int status(String line) throws ProtocolException {
    if (!line.matches("HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?")) {
      throw new ProtocolException("what answers there speaks no HTTP");
    }
    return Integer.parseInt(line.substring(9, 12));
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    Head sizes = new Head(in);
    for (long size = size(sizes); size > 0; size = size(sizes)) {
      body.writeBytes(exactly(in, size));
      sizes = new Head(in);
      if (!sizes.line().isEmpty()) {
        throw new ProtocolException("what answers there speaks no HTTP: a part is longer than it says");
      }
    }
    return body.toByteArray(); // what follows the last one is of no use here
  }

  private static long size(Head line) throws IOException {
    String text = line.line();
    int extension = text.indexOf(';');
    return number((extension < 0 ? text : text.substring(0, extension)).strip(), 16);
  }

  private static long number(String digits, int radix) throws ProtocolException {
    try {
      long number = Long.parseLong(digits, radix);
      if (number >= 0 && number <= Integer.MAX_VALUE - 8) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new ProtocolException("what answers there speaks no HTTP: a length is no number");
    }
    throw new ProtocolException("what answers there is longer than anything that a server tells");
  }

  private static byte[] exactly(InputStream in, long length) throws IOException {
    byte[] bytes = in.readNBytes((int) length);
    if (bytes.length < length) {
      throw new EOFException("its answer is cut off");
    }
    return bytes;
  }

  /** Reads lines of bounded length in all. */
  private static final class Head {
    private final InputStream in;
    private int left = LONGEST_HEAD;

    Head(InputStream in) {
      this.in = in;
    }

    String line() throws IOException {
      StringBuilder line = new StringBuilder();
      int next = in.read();
      while (next >= 0 && next != '\n') {
        if (--left < 0) {
          throw new ProtocolException("what answers there speaks no HTTP: its head does not end");
        }
        line.append((char) next);
        next = in.read();
      }
      if (next < 0) {
        throw new EOFException("the connection ended before the answer");
      }
      return line.isEmpty() || line.charAt(line.length() - 1) != '\r' ? line.toString() : line.substring(0, line.length() - 1);
    }
  }
}
