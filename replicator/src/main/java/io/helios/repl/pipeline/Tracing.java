package io.helios.repl.pipeline;

/** Where the spans of frames go. Lives as long as its {@link Fleet}, which starts and closes it. */
public interface Tracing extends AutoCloseable {

  /** Nothing is traced. */
  Tracing OFF =
      new Tracing() {
        @Override
        public double sample() {
          return 0;
        }

        @Override
        public void start() {}

        @Override
        public void ended(Span span) {}

        @Override
        public void close() {}
      };

  /** The share of traces that are wanted, 0 to 1; asked once. */
  double sample();

  void start();

  /** A span is over. Any thread, and on the path of the data: must return at once and throw nothing. */
  void ended(Span span);

  /** Delivers what it can within a bounded time. */
  @Override
  void close();
}
