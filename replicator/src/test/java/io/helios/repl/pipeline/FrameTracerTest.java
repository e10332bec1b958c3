package io.helios.repl.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.relay.FrameHeader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FrameTracerTest {

  private static final UUID A = new UUID(1, 1);
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  /** Of the source's clock, which is a day behind. */
  private static final long SOURCE_BEGIN = 1_000_000;

  private final List<Span> spans = new ArrayList<>();
  private long nanos;
  private FrameTracer tracer = tracer(1);

  private FrameTracer tracer(double sample) {
    Ticker ticker = new Ticker() {
      @Override
      public long nanos() {
        return nanos;
      }

      @Override
      public Instant now() {
        return BEGIN.plusNanos(nanos);
      }
    };
    Tracing tracing = new Tracing() {
      @Override
      public double sample() {
        return sample;
      }

      @Override
      public void start() {}

      @Override
      public void ended(Span span) {
        spans.add(span);
      }

      @Override
      public void close() {}
    };
    return new FrameTracer("shop", id -> null, () -> SOURCE_BEGIN + nanos / 1000, ticker, tracing);
  }

  private void passMillis(long millis) {
    nanos += Duration.ofMillis(millis).toNanos();
  }

  private static FrameHeader frame(UUID tenant, long sequence, long position, long commitMicros) {
    return new FrameHeader(
        tenant, FrameHeader.STREAM, 1, 42, 1, 1, (int) sequence, sequence, position, position, commitMicros, commitMicros, true, 1, 3,
        200, 100);
  }

  private List<String> ended() {
    return spans.stream().map(s -> s.stage() + " " + s.attributes().get("helios.frame")).toList();
  }

  @Test
  void bothSpansMeasureTheFramesWayBySteps() {
    FrameHeader frame = frame(A, 7, 0x10, SOURCE_BEGIN);
    passMillis(30);
    tracer.appended(frame);
    passMillis(5);
    tracer.durable();
    passMillis(100);
    tracer.fetched(frame);
    passMillis(20);
    tracer.acknowledged(A, 0x10);

    assertThat(ended()).containsExactly("CAPTURE 7", "APPLY 7");
    Span capture = spans.getFirst();
    Span apply = spans.getLast();
    assertThat(capture.start()).isEqualTo(BEGIN);
    assertThat(capture.happened()).containsEntry("sealed", BEGIN.plusMillis(30));
    assertThat(capture.end()).isEqualTo(apply.start()).isEqualTo(BEGIN.plusMillis(35));
    assertThat(apply.happened()).containsEntry("taken", BEGIN.plusMillis(135));
    assertThat(apply.end()).isEqualTo(BEGIN.plusMillis(155));
    assertThat(apply.parent()).isEqualTo(capture.id()).isNotEqualTo(apply.id());
    assertThat(capture.parent()).isNull();
    assertThat(apply.traceId()).isEqualTo(capture.traceId());
  }

  @Test
  void aFrameThatComesAgainIsAppliedOnceAndOneThatWasBelowThePositionNotAtAll() {
    FrameHeader known = frame(A, 1, 0x10, SOURCE_BEGIN);
    FrameHeader fresh = frame(A, 2, 0x20, SOURCE_BEGIN);
    tracer.appended(known);
    tracer.appended(fresh);
    tracer.durable();
    tracer.fetched(fresh);
    passMillis(5);
    tracer.fetched(fresh); // it was rejected in a batch
    tracer.acknowledged(A, 0x20);
    tracer.acknowledged(A, 0x20);

    assertThat(ended()).containsExactly("CAPTURE 1", "CAPTURE 2", "APPLY 2");
    assertThat(spans.getLast().happened()).containsEntry("taken", BEGIN);
  }

  @Test
  void whatWasGivenUpHasNoSpan() {
    tracer.appended(frame(A, 1, 0x10, SOURCE_BEGIN));
    tracer.rewound();
    tracer.durable();
    assertThat(spans).isEmpty();

    FrameHeader dropped = frame(A, 1, 0x10, SOURCE_BEGIN);
    tracer.appended(dropped);
    tracer.durable();
    tracer.fetched(dropped);
    tracer.dropped(A);
    tracer.acknowledged(A, 0x10);
    assertThat(ended()).containsExactly("CAPTURE 1");
  }

  @Test
  void aFrameFromBeforeTheStartIsAppliedFromWhenItWasTaken() {
    FrameHeader frame = frame(A, 1, 0x10, SOURCE_BEGIN);
    passMillis(50);
    tracer.fetched(frame);
    passMillis(5);
    tracer.acknowledged(A, 0x10);

    assertThat(spans).singleElement().satisfies(apply -> {
      assertThat(apply.start()).isEqualTo(BEGIN.plusMillis(50));
      assertThat(apply.parent()).isNotNull();
    });
  }

  @Test
  void bothEndsSampleTheSameFramesAndAboutAsManyAsAskedFor() {
    FrameTracer writer = tracer(0.25);
    FrameTracer reader = tracer(0.25); // as after a restart
    for (int i = 1; i <= 4_000; i++) {
      FrameHeader frame = frame(A, i, i, SOURCE_BEGIN);
      writer.appended(frame);
      writer.durable();
      reader.fetched(frame);
      reader.acknowledged(A, i);
    }
    List<String> captured = spans.stream().filter(s -> s.stage() == Span.Stage.CAPTURE).map(Span::id).toList();

    assertThat(captured).hasSizeBetween(850, 1_150).doesNotHaveDuplicates();
    assertThat(spans).filteredOn(s -> s.stage() == Span.Stage.APPLY).extracting(Span::parent).isEqualTo(captured);
  }

  @Test
  void tenantsThatStandStillAreForgottenBeforeThoseThatMove() {
    FrameHeader moving = frame(A, 1, 0x10, SOURCE_BEGIN);
    tracer.appended(moving);
    tracer.durable();
    for (int i = 0; i < 5_000; i++) {
      tracer.fetched(moving);
      tracer.appended(frame(new UUID(2, i), 1, 0x10, SOURCE_BEGIN));
      tracer.durable();
    }
    spans.clear();
    for (int i = 0; i < 5_000; i++) {
      FrameHeader waited = frame(new UUID(2, i), 1, 0x10, SOURCE_BEGIN);
      if (i == 4_999) {
        tracer.fetched(waited);
      }
      tracer.acknowledged(waited.tenant(), 0x10);
    }
    passMillis(1);
    tracer.acknowledged(A, 0x10);

    assertThat(spans).hasSize(2).last().satisfies(s -> assertThat(s.start()).isEqualTo(BEGIN));
  }
}
