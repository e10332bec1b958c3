package io.helios.repl.tests.cli;

import static io.helios.repl.tests.cli.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.tests.cli.EventsListener.Sent;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Server-sent events, the history as a list, and lists in pages. */
class EventsTest {

  @TempDir static Path directory;

  private static TestServer server;

  @BeforeAll
  static void start() {
    server = new TestServer(directory);
    for (String name : List.of("acme", "globex", "initech")) {
      create(name);
    }
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void create(String name) {
    server.done("tenant", "create", name, "--source", "shop", "--target", "shop-eu");
  }

  private static EventsListener listen(String query, @Nullable String lastId) throws Exception {
    return new EventsListener(server.server().address(), server.server().token(), query, lastId);
  }

  private static JsonNode get(String path) throws Exception {
    HttpResponse<String> response = server.api("GET", path, null);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return json(response);
  }

  private static List<String> texts(JsonNode list, String field) {
    return list.path("items").valueStream().map(i -> i.path(field).asString()).toList();
  }

  @Test
  void anEventReachesWhoeverListensAsItHappens() throws Exception {
    try (EventsListener listener = listen("?since=0", null)) {
      assertThat(listener.response().statusCode()).isEqualTo(200);
      assertThat(listener.response().headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
      listener.next(e -> e.tells("tenant-created", "acme"));
      create("live");
      Sent event = listener.next(e -> e.tells("tenant-created", "live"));
      assertThat(event.id()).isEqualTo(event.data().path("id").asString());
      assertThat(event.data().path("severity").asString()).isEqualTo("INFO");
    }
  }

  @Test
  void whoComesAgainWithTheLastIdThatHeSawMissesNothingAndHearsNothingTwice() throws Exception {
    String seen;
    try (EventsListener listener = listen("?since=0", null)) {
      seen = listener.next(e -> e.tells("tenant-created", "acme")).id();
    }
    create("away-1");
    create("away-2");
    List<String> heard = new ArrayList<>();
    try (EventsListener listener = listen("", seen)) {
      Sent event;
      do {
        event = listener.next(e -> e.is("event"));
        heard.add(event.id());
      } while (!event.tells("tenant-created", "away-2"));
      create("meanwhile");
      do {
        event = listener.next(e -> e.is("event"));
        heard.add(event.id());
      } while (!event.tells("tenant-created", "meanwhile"));
    }
    List<String> stored = texts(get("/events?limit=1000&since=" + seen), "id").reversed();
    assertThat(heard).doesNotHaveDuplicates().isEqualTo(stored.subList(0, heard.size()));
  }

  @Test
  void theFleetComesWholeFirstAndThenOnlyWhatChanged() throws Exception {
    try (EventsListener listener = listen("?fleet=200ms", null)) {
      JsonNode first = listener.next(e -> e.is("fleet")).data();
      assertThat(first.path("kind").asString()).isEqualTo("Fleet");
      assertThat(first.path("full").asBoolean()).isTrue();
      assertThat(first.path("tenants").valueStream().map(t -> t.path("tenant").asString())).contains("acme", "globex");
      assertThat(first.path("totals").path("byState").path("CREATED").asInt()).isGreaterThanOrEqualTo(3);
      assertThat(first.path("sources").path(0).path("source").asString()).isEqualTo("shop");
      assertThat(first.path("server").path("region").asString()).isEqualTo("local");
      create("passing");
      JsonNode news = listener.next(e -> e.is("fleet") && e.data().path("tenants").toString().contains("passing")).data();
      assertThat(news.path("full").asBoolean()).isFalse();
      assertThat(news.path("tenants").valueStream().map(t -> t.path("tenant").asString())).doesNotContain("acme", "globex");
      server.done("tenant", "delete", "passing", "--confirm=passing");
      listener.next(e -> e.is("fleet") && e.data().path("removed").toString().contains("passing"));
    }
  }

  @Test
  void listenersAreLetGoWhenTheServerStops(@TempDir Path other) throws Exception {
    TestServer stopping = new TestServer(other);
    try (EventsListener listener =
        new EventsListener(stopping.server().address(), stopping.server().token(), "?fleet=1m", null)) {
      listener.next(e -> e.is("fleet"));
      stopping.close();
      listener.awaitEnd();
    }
  }

  @Test
  void theHistoryIsReadInPagesWithoutGapOrRepetition() throws Exception {
    JsonNode whole = get("/events?limit=1000");
    List<String> ids = texts(whole, "id");
    assertThat(ids.size()).isGreaterThanOrEqualTo(3);
    assertThat(whole.has("next")).isFalse();
    List<String> paged = new ArrayList<>();
    JsonNode page = get("/events?limit=1");
    create("meanwhile-" + ids.size());
    while (true) {
      paged.addAll(texts(page, "id"));
      if (!page.has("next")) {
        break;
      }
      page = get("/events?limit=1&cursor=" + page.path("next").asString());
    }
    assertThat(paged).containsSubsequence(ids).doesNotHaveDuplicates();
  }

  @Test
  void theHistoryIsAskedForByTenantBySeverityAndSinceWhen() throws Exception {
    Awaitility.await().until(() -> texts(get("/events?tenant=globex"), "type").contains("tenant-created"));
    assertThat(texts(get("/events?tenant=globex"), "tenant")).containsOnly("globex");
    assertThat(texts(get("/events?severity=error"), "severity")).doesNotContain("INFO", "WARN");
    assertThat(texts(get("/events?tenant=globex&since=1h"), "type")).contains("tenant-created");
    assertThat(texts(get("/events?since=2999-01-01T00:00:00Z"), "type")).isEmpty();
  }

  @Test
  void tenantsComeInPagesOfTheSizeThatIsAskedFor() throws Exception {
    List<String> names = new ArrayList<>();
    JsonNode page = get("/tenants?limit=2");
    while (true) {
      assertThat(page.path("items").size()).isLessThanOrEqualTo(2);
      names.addAll(texts(page, "tenant"));
      if (!page.has("next")) {
        break;
      }
      page = get("/tenants?limit=2&cursor=" + page.path("next").asString());
    }
    assertThat(names).contains("acme", "globex", "initech").doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/events?limit=0",
        "/events?limit=x",
        "/events?cursor=x",
        "/events?since=yesterday",
        "/events?severity=loud",
        "/events?tenant=it's",
        "/tenants?limit=99999999"
      })
  void aParameterThatIsNotRightIsRefused(String path) throws Exception {
    HttpResponse<String> response = server.api("GET", path, null);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(json(response).path("code").asString()).isEqualTo("HR-9009");
  }

  @Test
  void aStreamThatCannotBeIsRefusedBeforeItBegins() throws Exception {
    for (String query : List.of("?fleet=1ms", "?fleet=often", "?since=x")) {
      try (EventsListener listener = listen(query, null)) {
        assertThat(listener.response().statusCode()).as(query).isEqualTo(400);
      }
    }
  }
}
