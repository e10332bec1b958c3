package io.helios.repl.migration.traffic;

import io.helios.repl.status.Finding;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A switch that knows the homes by other addresses than this server does: in another network, or behind another name. */
record RenamedHomes(TrafficSwitch inner, Map<String, SeenHome> homes) implements TrafficSwitch {

  private TrafficMove seen(TrafficMove move) {
    return new TrafficMove(move.tenant(), move.key(), move.epoch(), seen(move.from()), seen(move.to()));
  }

  private HomeAddress seen(HomeAddress home) {
    SeenHome seen = homes.get(home.name());
    return seen == null ? home : seen.of(home);
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public List<Finding> check(TrafficMove move) {
    return inner.check(seen(move));
  }

  @Override
  public void pause(TrafficMove move, Duration within) {
    inner.pause(seen(move), within);
  }

  @Override
  public void change(TrafficMove move) {
    inner.change(seen(move));
  }

  @Override
  public void resume(TrafficMove move) {
    inner.resume(seen(move));
  }

  @Override
  public void close() {
    inner.close();
  }
}
