package io.helios.repl.tests.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What monitors the product speaks of metrics that are there. Rules are tried by .ci/alerts. */
class MonitoringTest {

  private static final Pattern METRIC = Pattern.compile("\\bhelios_repl_[a-z_]+");

  private static Set<String> metrics(String file) {
    Set<String> found = new TreeSet<>();
    Matcher names = METRIC.matcher(Repository.read(file));
    while (names.find()) {
      found.add(names.group());
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(strings = {"monitoring/alerts.yaml", "monitoring/alerts.test.yaml", "monitoring/dashboard.json"})
  void everyMetricThatIsAskedForIsInTheManual(String file) {
    assertThat(metrics(file)).isNotEmpty().isSubsetOf(metrics("docs/metrics.md"));
  }

  @Test
  void everyAlertHasARunbook() {
    String rules = Repository.read("monitoring/alerts.yaml");

    assertThat(count(rules, "- alert: ")).isPositive().isEqualTo(count(rules, "runbook: \"docs/operations.md#"));
  }

  @Test
  void theDashboardsPanelsAllAskSomethingAndNoneLiesOnAnother() {
    JsonNode dashboard = JsonMapper.builder().build().readTree(Repository.read("monitoring/dashboard.json"));
    List<JsonNode> panels = dashboard.path("panels").valueStream().toList();

    assertThat(panels).isNotEmpty().allSatisfy(panel -> {
      assertThat(panel.path("targets")).isNotEmpty();
      JsonNode place = panel.path("gridPos");
      assertThat(panels).filteredOn(other -> !other.path("id").equals(panel.path("id"))).noneMatch(other -> overlap(place, other.path("gridPos")));
    });
    assertThat(panels).extracting(panel -> panel.path("id").asInt()).doesNotHaveDuplicates();
  }

  private static boolean overlap(JsonNode a, JsonNode b) {
    return meets(a, b, "x", "w") && meets(a, b, "y", "h");
  }

  private static boolean meets(JsonNode a, JsonNode b, String at, String size) {
    return a.path(at).asInt() < b.path(at).asInt() + b.path(size).asInt()
        && b.path(at).asInt() < a.path(at).asInt() + a.path(size).asInt();
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }
}
