package io.helios.repl.tests.architecture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The documents say what is so. */
class DocumentsTest {

  private static final Pattern CODE = Pattern.compile("`([^`\\n]+)`");
  private static final Pattern CLASS_NAME = Pattern.compile("(?:[a-z]+[/.])*([A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*)(?:[.#][a-zA-Z]+(?:\\(.*\\))?)?");
  private static final Pattern FILE_NAME =
      Pattern.compile("[A-Za-z0-9_./-]+\\.(?:java|xml|md|yaml|yml|sql|json)|(?:replicator|tenant-migration|failover|tui|admin-cli|tests|docs)/[A-Za-z0-9_./-]*");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(?:#[^)]*)?\\)");

  /** Names in ARCHITECTURE.md that look like a class of ours and belong to others: PostgreSQL's messages, the JDK's and libraries' types. */
  private static final Set<String> FOREIGN =
      Set.of("ByteBuffer", "Instant", "Duration", "UUID", "ThreadMXBean", "ProcessHandle", "CompletableFuture", "Postgres");

  @Test
  void theCommandsOfTheReadmeAreThoseThatCiRuns() {
    String ci = Repository.read(".ci/run");
    String readme = Repository.read("README.md");
    for (String command : List.of("mvn verify", "./helios-repl demo")) {
      assertThat(readme).containsPattern("(?m)^" + Pattern.quote(command) + "\\s*(#.*)?$");
      assertThat(ci).containsPattern("(?m)^run " + Pattern.quote(command) + "( --once)?$");
    }
  }

  @Test
  void linksBetweenTheDocumentsLeadSomewhere() throws IOException {
    List<Path> documents = new ArrayList<>();
    try (Stream<Path> top = Files.list(Repository.ROOT);
        Stream<Path> docs = Files.walk(Repository.ROOT.resolve("docs"))) {
      Stream.concat(top, docs).filter(p -> p.toString().endsWith(".md")).forEach(documents::add);
    }
    assertThat(documents).isNotEmpty();
    for (Path document : documents) {
      List<String> links =
          LINK.matcher(Files.readString(document, UTF_8)).results().map(m -> m.group(1)).filter(l -> !l.contains(":")).toList();
      assertThat(links).as("links of %s", document).allMatch(link -> Files.exists(document.resolveSibling(link)));
    }
  }

  @Test
  void everythingThatTheArchitectureNamesExists() throws IOException {
    String text = Repository.read("ARCHITECTURE.md");
    Set<String> classes = classNames();
    Set<String> missing = new TreeSet<>();
    CODE.matcher(text).results().map(m -> m.group(1)).forEach(code -> {
      if (FILE_NAME.matcher(code).matches()) {
        if (!isFile(code)) {
          missing.add(code);
        }
      } else {
        MatchResult name = CLASS_NAME.matcher(code).results().filter(m -> m.group().equals(code)).findFirst().orElse(null);
        if (name != null && !classes.contains(name.group(1)) && !FOREIGN.contains(name.group(1))) {
          missing.add(code);
        }
      }
    });
    assertThat(missing).as("names in ARCHITECTURE.md that stand for nothing").isEmpty();
  }

  /** A promise is worth the test that holds it. */
  @Test
  void everyTestThatHoldsAPromiseIsThere() throws IOException {
    Pattern named = Pattern.compile("`([A-Z]\\w*Test)\\.(\\w+)`");
    Set<String> wanted = named.matcher(Repository.read("docs/guarantees.md"))
        .results()
        .map(m -> m.group(1) + "." + m.group(2))
        .collect(Collectors.toCollection(TreeSet::new));
    Set<String> there = new TreeSet<>();
    Pattern method = Pattern.compile("(?m)^  void (\\w+)\\(");
    for (String module : Stream.concat(Repository.MODULES.stream(), Stream.of("tests")).toList()) {
      try (Stream<Path> all = Files.walk(Repository.ROOT.resolve(module).resolve("src/test"))) {
        for (Path source : all.filter(p -> p.toString().endsWith("Test.java")).toList()) {
          String type = source.getFileName().toString().replace(".java", "");
          method.matcher(Files.readString(source, UTF_8)).results().forEach(m -> there.add(type + "." + m.group(1)));
        }
      }
    }
    assertThat(wanted).hasSizeGreaterThan(20);
    wanted.removeAll(there);
    assertThat(wanted).as("tests in docs/guarantees.md that are not there").isEmpty();
  }

  private static boolean isFile(String name) {
    return Files.exists(Repository.ROOT.resolve(name))
        || Stream.of("", "io/helios/repl/").anyMatch(prefix ->
            Repository.MODULES.stream().anyMatch(m -> Files.exists(Repository.ROOT.resolve(m).resolve("src/main/java/" + prefix + name))));
  }

  /** The simple names of all types, nested ones included, of the product and its tests. */
  private static Set<String> classNames() throws IOException {
    Pattern declaration = Pattern.compile("\\b(?:class|interface|record|enum|@interface)\\s+([A-Z]\\w*)");
    List<Path> sources = new ArrayList<>();
    for (String module : Stream.concat(Repository.MODULES.stream(), Stream.of("tests")).toList()) {
      Path folder = Repository.ROOT.resolve(module).resolve("src");
      try (Stream<Path> all = Files.walk(folder)) {
        all.filter(p -> p.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    Set<String> names = new TreeSet<>();
    for (Path source : sources) {
      names.addAll(
          declaration.matcher(Files.readString(source, UTF_8)).results().map(m -> m.group(1)).collect(Collectors.toSet()));
    }
    return names;
  }
}
