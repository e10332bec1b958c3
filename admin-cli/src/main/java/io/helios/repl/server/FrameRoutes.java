package io.helios.repl.server;

import static io.helios.repl.server.Api.badRequest;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import io.helios.repl.error.Problem;
import io.helios.repl.peer.FrameWire;
import io.helios.repl.relay.Frame;
import io.helios.repl.relay.FrameSource;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source's journal for peers, below {@code /peer/v1/sources/{source}}: frames as they lie there, sealed, of tenants that were given to the
 * region that asks; the news of these; and what is applied there. Keeps nothing of who asks: every request stands on its own, so either
 * server may begin anew at any time. To be closed before the HTTP server, whose stop waits for requests. Any thread.
 */
public final class FrameRoutes implements AutoCloseable {

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
  private static final Duration TURN = Duration.ofMillis(500);
  private static final Logger LOG = LoggerFactory.getLogger(FrameRoutes.class);

  /** Of frames that go with the news of them. */
  private static final int LARGEST_ENCLOSURE = 256 << 10;

  /** Which tenants a region has been given. */
  public interface GivenTenants {
    boolean isGiven(String source, UUID tenant, String region);
  }

  private final Function<String, @Nullable FrameSource> journals;
  private final GivenTenants given;
  private final Function<Context, String> region;
  private volatile boolean closing;

  /**
   * @param journals by the name of the source; null for one that there is not
   * @param region whose server asks, as it has proven
   */
  public FrameRoutes(
      Function<String, @Nullable FrameSource> journals, GivenTenants given, Function<Context, String> region) {
    this.journals = journals;
    this.given = given;
    this.region = region;
  }

  public void install(RoutesConfig routes) {
    routes.get("/peer/v1/sources/{source}/frames", this::frames);
    routes.get("/peer/v1/sources/{source}/news", this::news);
    routes.post("/peer/v1/sources/{source}/applied", this::applied);
  }

  private void frames(Context request) {
    UUID tenant = uuid(request);
    FrameSource journal = journal(request);
    requireGiven(request, tenant);
    int max = (int) Math.clamp(number(request, "max"), 1, FrameWire.LARGEST_FETCH);
    send(
        request,
        FrameWire.encode(journal.fetch(tenant, number(request, "position"), number(request, "sequence"), max)));
  }

  /** Waits while there is none, but not for ever, nor long where the source goes on without those who ask: how far it is is news too. */
  private void news(Context request) throws InterruptedException {
    FrameSource journal = journal(request);
    Duration asked = Api.duration(request, "wait", Duration.ZERO);
    long known = number(request, "captured");
    List<FrameWire.Followed> followed = followed(request);
    long end = System.nanoTime() + (asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked).toNanos();
    FrameSource.Arrivals theirs = new FrameSource.Arrivals(number(request, "mark"), List.of());
    long captured;
    long left;
    do {
      left = Math.max(0, end - System.nanoTime());
      captured = journal.capturedUpTo();
      theirs = theirs(request, journal, theirs.mark(), Duration.ofNanos(Math.min(left, TURN.toNanos())));
    } while (theirs.tenants().isEmpty() && captured == known && left > 0 && !closing);
    send(request, FrameWire.encode(new FrameWire.News(captured, theirs, enclosed(journal, theirs.tenants(), followed))));
  }

  /** The frames of those who have news and are followed, as long as they are few: whoever has more is asked for them. */
  private static List<FrameWire.Enclosed> enclosed(
      FrameSource journal, List<UUID> news, List<FrameWire.Followed> followed) {
    List<FrameWire.Enclosed> enclosed = new ArrayList<>();
    int room = LARGEST_ENCLOSURE;
    for (FrameWire.Followed one : followed) {
      if (room > 0 && news.contains(one.tenant())) {
        try {
          List<Frame> frames = journal.fetch(one.tenant(), one.position(), one.sequence(), room);
          long next = frames.isEmpty() ? one.sequence() : frames.getLast().header().sequence() + 1;
          boolean more = !frames.isEmpty() && !journal.fetch(one.tenant(), one.position(), next, 1).isEmpty();
          enclosed.add(new FrameWire.Enclosed(one.tenant(), more, frames));
          room -= frames.stream().mapToInt(frame -> frame.sealed().length).sum();
        } catch (OperatorException e) {
          LOG.debug("tenant {} is told of its frames when it asks", one.tenant(), e);
        }
      }
    }
    return enclosed;
  }

  private static List<FrameWire.Followed> followed(Context request) {
    String text = request.queryParam("followed");
    try {
      return text == null || text.isEmpty()
          ? List.of()
          : Stream.of(text.split(",")).limit(FrameWire.MOST_FOLLOWED).map(FrameWire.Followed::parse).toList();
    } catch (IllegalArgumentException e) {
      throw badRequest("the parameter followed is not right", "followed=TENANT:POSITION:SEQUENCE,…");
    }
  }

  private FrameSource.Arrivals theirs(Context request, FrameSource journal, long mark, Duration wait) throws InterruptedException {
    FrameSource.Arrivals all = journal.arrivals(mark, wait);
    String source = request.pathParam("source");
    String asking = region.apply(request);
    return new FrameSource.Arrivals(
        all.mark(), all.tenants().stream().filter(tenant -> given.isGiven(source, tenant, asking)).toList());
  }

  /** What is told of a tenant that was taken back meanwhile, or never given, is nothing; it keeps the others' from nobody. */
  private void applied(Context request) {
    FrameSource journal = journal(request);
    String source = request.pathParam("source");
    String asking = region.apply(request);
    FrameWire.decodeApplied(request.bodyAsBytes())
        .forEach(
            (tenant, position) -> {
              if (given.isGiven(source, tenant, asking)) {
                journal.acknowledge(tenant, position);
              }
            });
    request.status(204);
  }

  private FrameSource journal(Context request) {
    FrameSource found = journals.apply(request.pathParam("source"));
    if (found == null) {
      throw notGiven(); // as for one that is there: a peer learns no names
    }
    return found;
  }

  private void requireGiven(Context request, UUID tenant) {
    if (!given.isGiven(request.pathParam("source"), tenant, region.apply(request))) {
      throw notGiven();
    }
  }

  static OperatorException notGiven() {
    return new OperatorException(
        new Problem(
            ErrorCode.TENANT_NOT_GIVEN,
            "this region has not been given that tenant",
            "there is none of this id at this source, or it is replicated elsewhere",
            "see where it goes on the server that has its source: helios-repl tenant list"));
  }

  /** Ends the requests that wait for news, within half a second. */
  @Override
  public void close() {
    closing = true;
  }

  private static void send(Context request, byte[] body) {
    request.contentType("application/octet-stream").result(body);
  }

  private static UUID uuid(Context request) {
    String text = request.queryParam("tenant");
    if (text == null || !text.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
      throw badRequest("the parameter tenant is not right", "tenant=UUID");
    }
    return UUID.fromString(text);
  }

  private static long number(Context request, String parameter) {
    String text = request.queryParam(parameter);
    try {
      if (text != null && text.matches("\\d{1,20}")) {
        return Long.parseUnsignedLong(text);
      }
    } catch (NumberFormatException tooLarge) {
      // said below
    }
    throw badRequest("the parameter " + parameter + " is not right", parameter + "=0");
  }
}
