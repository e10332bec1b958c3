package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Endpoint;
import io.helios.repl.tui.fleet.Event;
import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.FleetUpdate;
import io.helios.repl.tui.fleet.Gates;
import io.helios.repl.tui.fleet.LagHistory;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Passages;
import io.helios.repl.tui.fleet.Pipeline;
import io.helios.repl.tui.fleet.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a frame shows. Changed only by {@link #tick}, {@link #resize}, {@link #hear} and {@link Keys}; the same
 * calls make the same model. Owned by one thread.
 */
public final class Model {

  /** More are in the server's history: {@code helios-repl events list}. */
  private static final int EVENTS_KEPT = 500;

  private static final Duration NOTICE = Duration.ofSeconds(6);

  private final String server;
  private final boolean readOnly;
  private final Duration patience;
  private final LagHistory history = new LagHistory();
  private final List<Event> events = new ArrayList<>();
  private final Set<String> marked = new LinkedHashSet<>();
  private final Moves moves = new Moves();
  private final Successions successions = new Successions();
  private final Cursor tenantCursor = new Cursor();
  private final Cursor endpointCursor = new Cursor();
  private final Cursor eventCursor = new Cursor();
  private Instant now;
  private Instant heard;
  private @Nullable String lost;
  private Instant lostAt;
  private Layout layout = Layout.of(80, 24);
  private @Nullable Fleet fleet;
  private List<Tenant> listed = List.of();
  private @Nullable Pipeline pipeline;
  private Tab tab = Tab.TENANTS;
  private boolean open;
  private Sort sort = Sort.TROUBLE;
  private Filter filter;
  private @Nullable Dialog dialog;
  private @Nullable Prompt prompt;
  private @Nullable Notice notice;

  /**
   * @param server what the operator calls the server
   * @param readOnly whether actions are hidden
   * @param every how often the server was asked to tell of the fleet
   * @param now by a clock that is never set back
   */
  public Model(String server, boolean readOnly, Filter filter, Duration every, Instant now) {
    this.server = server;
    this.readOnly = readOnly;
    this.filter = filter;
    // A server that says nothing for so long is as good as gone.
    this.patience = every.multipliedBy(3).plusSeconds(3);
    this.now = now;
    this.heard = now;
    this.lostAt = now;
  }

  public void tick(Instant time) {
    now = time;
    if (notice != null && time.isAfter(notice.until())) {
      notice = null;
    }
  }

  public void resize(int columns, int rows) {
    layout = Layout.of(columns, rows);
  }

  public void hear(News news) {
    switch (news) {
      case News.Told told -> take(told.update());
      case News.Happened happened -> take(happened.event());
      case News.Piped piped -> {
        if (isWatched(piped.pipeline())) {
          pipeline = piped.pipeline();
        }
      }
      case News.Recounted recounted -> {
        moves.hear(recounted.passages());
        successions.hear(recounted.passages());
      }
      case News.Looked looked -> moves.hear(looked.gates());
      case News.Connected c -> lost = null;
      case News.Lost gone -> {
        if (lost == null) {
          lostAt = now;
        }
        lost = gone.why();
      }
      case News.Planned planned -> {
        // A plan for what the operator has left meanwhile is of no use any more.
        if (dialog instanceof Dialog.Planning planning
            && planning.action() == planned.action()
            && planning.tenants().equals(planned.plans().stream().map(News.TenantPlan::tenant).toList())) {
          dialog = new Dialog.Confirming(planned.action(), planned.plans(), "");
        }
      }
      case News.Done done -> notice(done.severity(), done.text());
      case News.Refused refused -> dialog = new Dialog.Refusal(refused.what(), refused.fault());
    }
  }

  private void take(FleetUpdate update) {
    fleet = Fleet.after(fleet, update);
    heard = now;
    history.add(fleet);
    relist();
  }

  private void take(Event event) {
    int at = 0;
    while (at < events.size() && events.get(at).id() > event.id()) {
      at++;
    }
    if (at < events.size() && events.get(at).id() == event.id()) {
      return; // told twice, after the connection was taken up again
    }
    events.add(at, event);
    if (events.size() > EVENTS_KEPT) {
      events.removeLast();
    }
    eventCursor.relist(eventKeys());
  }

  private void relist() {
    Fleet known = fleet;
    if (known == null) {
      return;
    }
    listed = known.tenants().stream().filter(filter.predicate()).sorted(sort.order()).toList();
    marked.removeIf(name -> known.tenant(name) == null);
    tenantCursor.relist(tenantKeys());
    moves.relist(known, filter);
    successions.relist(known, filter);
    endpointCursor.relist(endpointKeys());
    open(open);
    forgetPipeline();
  }

  /** What was told of another tenant is not shown for this one. */
  private void forgetPipeline() {
    if (pipeline != null && !isWatched(pipeline)) {
      pipeline = null;
    }
  }

  private boolean isWatched(Pipeline told) {
    return new Watched.Stages(told.tenant()).equals(watched());
  }

  // What keys do.

  void move(long delta) {
    cursor().move(keys(), delta);
    forgetPipeline();
  }

  void moveTo(long index) {
    cursor().to(keys(), index);
    forgetPipeline();
  }

  void show(Tab wanted) {
    tab = wanted;
    open = false;
    forgetPipeline();
  }

  void open(boolean wanted) {
    open = wanted && subject() != null;
    forgetPipeline();
  }

  void sort(Sort wanted) {
    sort = wanted;
    relist();
  }

  void filter(Filter wanted) {
    filter = wanted;
    relist();
  }

  void top() {
    cursor().reset();
    forgetPipeline();
  }

  void toggleMark() {
    Tenant tenant = selected();
    if (tenant != null && !marked.remove(tenant.name())) {
      marked.add(tenant.name());
    }
  }

  void clearMarks() {
    marked.clear();
  }

  void dialog(@Nullable Dialog wanted) {
    dialog = wanted;
  }

  void prompt(@Nullable Prompt wanted) {
    prompt = wanted;
  }

  void notice(Event.Severity severity, String text) {
    notice = new Notice(severity, text, now.plus(NOTICE));
  }

  private Cursor cursor() {
    return switch (tab) {
      case TENANTS -> tenantCursor;
      case MIGRATIONS -> moves.cursor;
      case FAILOVER -> successions.cursor;
      case SOURCES -> endpointCursor;
      case EVENTS -> eventCursor;
    };
  }

  List<String> keys() {
    return switch (tab) {
      case TENANTS -> tenantKeys();
      case MIGRATIONS -> moves.keys();
      case FAILOVER -> successions.keys();
      case SOURCES -> endpointKeys();
      case EVENTS -> eventKeys();
    };
  }

  private List<String> tenantKeys() {
    return listed.stream().map(Tenant::name).toList();
  }

  private List<String> endpointKeys() {
    return endpoints().stream().map(e -> e.role() + "/" + e.name()).toList();
  }

  private List<String> eventKeys() {
    return events.stream().map(e -> String.valueOf(e.id())).toList();
  }

  // What a frame shows.

  public String server() {
    return server;
  }

  public boolean isReadOnly() {
    return readOnly;
  }

  /** A migration or a failover has more to tell than a tenant, and there are fewer of them. */
  public Layout layout() {
    return tab == Tab.MIGRATIONS || tab == Tab.FAILOVER ? layout.withStory() : layout;
  }

  /** Null before the first update. */
  public @Nullable Fleet fleet() {
    return fleet;
  }

  public LagHistory history() {
    return history;
  }

  /** Tenants that the filter lets through, sorted. */
  public List<Tenant> listed() {
    return listed;
  }

  public List<Endpoint> endpoints() {
    return fleet == null ? List.of() : fleet.endpoints();
  }

  /** Newest first. */
  public List<Event> events() {
    return events;
  }

  public Set<String> marked() {
    return marked;
  }

  public Tab tab() {
    return tab;
  }

  /** Whether the chosen tenant, migration or failover has the whole screen. */
  public boolean isOpen() {
    return open;
  }

  public Sort sort() {
    return sort;
  }

  public Filter filter() {
    return filter;
  }

  public @Nullable Dialog dialog() {
    return dialog;
  }

  public @Nullable Prompt prompt() {
    return prompt;
  }

  public @Nullable Notice notice() {
    return notice;
  }

  /** Where the chosen line of the tab's list stands. */
  public int chosen() {
    return cursor().index();
  }

  /** The first line of the tab's list that is seen. */
  public int firstSeen() {
    return cursor().top(size(), page());
  }

  int size() {
    return switch (tab) {
      case TENANTS -> listed.size();
      case MIGRATIONS -> moves.listed().size();
      case FAILOVER -> successions.listed().size();
      case SOURCES -> endpoints().size();
      case EVENTS -> events.size();
    };
  }

  /** How many lines of the tab's list are seen at once. */
  public int page() {
    return tab == Tab.EVENTS ? layout().whole() : layout().listed();
  }

  /** The chosen tenant; null when none is listed. */
  public @Nullable Tenant selected() {
    return listed.isEmpty() ? null : listed.get(Math.min(tenantCursor.index(), listed.size() - 1));
  }

  /** Migrations that the filter lets through: what needs somebody first, what has ended last. */
  public List<Migration> moves() {
    return moves.listed();
  }

  /** The chosen migration; null when none is listed. */
  public @Nullable Migration selectedMove() {
    return moves.selected();
  }

  /** Failovers that the filter lets through: what needs somebody first, what has ended last. */
  public List<Failover> failovers() {
    return successions.listed();
  }

  /** The chosen failover; null when none is listed. */
  public @Nullable Failover selectedFailover() {
    return successions.selected();
  }

  /** What has happened to the chosen migration or failover, once it was told. */
  public @Nullable Passages passages() {
    return tab == Tab.FAILOVER ? successions.passages() : moves.passages();
  }

  /** How the gates of the chosen migration stood when they were last looked at; null when they never were. */
  public @Nullable Gates gates() {
    return moves.gates();
  }

  /** The tenant that the chosen line is about; null when it is about none. */
  public @Nullable String subject() {
    Tenant tenant = selected();
    Migration move = selectedMove();
    Failover failover = selectedFailover();
    return switch (tab) {
      case TENANTS -> tenant == null ? null : tenant.name();
      case FAILOVER -> failover == null ? null : failover.tenant();
      case MIGRATIONS -> move == null ? null : move.tenant();
      case SOURCES, EVENTS -> null;
    };
  }

  /** What is to be asked for, since it is shown; null when nothing is. */
  public @Nullable Watched watched() {
    Tenant tenant = selected();
    return switch (tab) {
      case TENANTS -> tenant != null && (open || layout.wide()) ? new Watched.Stages(tenant.name()) : null;
      case MIGRATIONS -> moves.watched();
      case FAILOVER -> successions.watched();
      case SOURCES, EVENTS -> null;
    };
  }

  /** The watched tenant's, once it was told. */
  public @Nullable Pipeline pipeline() {
    return pipeline;
  }

  /** How old what is shown is. */
  public Duration age() {
    return Duration.between(heard, now);
  }

  /** Why nothing new comes; null while all is well. */
  public @Nullable String silence() {
    if (lost != null) {
      return lost;
    }
    return fleet != null && age().compareTo(patience) > 0 ? "it is connected, but says nothing" : null;
  }

  /** Since when there has been no connection. */
  public Duration lostFor() {
    return Duration.between(lostAt, now);
  }

  /** The server's time now, as far as can be told: for how long ago something was. */
  public Instant serverNow() {
    return fleet == null ? now : fleet.at().plus(age());
  }
}
