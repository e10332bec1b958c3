package io.helios.repl.client;

import io.helios.repl.config.Suggestion;
import io.helios.repl.config.TenantNames;
import io.helios.repl.config.YamlNode;
import io.helios.repl.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The user's servers by name: {@code $XDG_CONFIG_HOME/helios-repl/contexts.yaml}, else {@code ~/.config/…}. No file is as good as
 * an empty one. Relative paths in it begin at its own folder.
 *
 * <pre>
 *   current: prod
 *   contexts:
 *     prod: { server: "https://helios.example.com:7400", token-file: prod.token, ca: ca.pem }
 * </pre>
 */
public final class Contexts {

  private static final List<String> KEYS = List.of("server", "token-file", "ca", "certificate", "key");
  private static final Pattern CURRENT = Pattern.compile("(?m)^current:.*$");
  private static final String FORM = "contexts: { prod: { server: \"https://host:7400\", token-file: prod.token, ca: ca.pem } }";

  private final Path file;
  private final Path home;
  private final Map<String, ServerContext> all = new LinkedHashMap<>();
  private @Nullable String current;

  private Contexts(Map<String, String> environment) {
    this.home = Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")));
    String configured = environment.getOrDefault("XDG_CONFIG_HOME", "");
    Path base = configured.startsWith("/") ? Path.of(configured) : home.resolve(".config");
    this.file = base.resolve("helios-repl").resolve("contexts.yaml");
  }

  /** Throws {@link FailedException} (HR-1207) when there is a file and it cannot be understood. */
  public static Contexts read(Map<String, String> environment) {
    Contexts contexts = new Contexts(environment);
    try {
      contexts.take(YamlNode.parse(Files.readString(contexts.file, StandardCharsets.UTF_8)));
    } catch (NoSuchFileException e) {
      return contexts;
    } catch (IOException e) {
      throw contexts.wrong(0, "cannot be read", "it is no text file that " + System.getProperty("user.name") + " may read");
    } catch (YamlNode.SyntaxException e) {
      throw contexts.wrong(e.line(), "is not YAML", String.valueOf(e.getMessage()));
    }
    return contexts;
  }

  public Path file() {
    return file;
  }

  /** In the order of the file. */
  public List<ServerContext> all() {
    return List.copyOf(all.values());
  }

  /** The one that commands use when none is named. Throws when the file names one that it does not have. */
  public Optional<ServerContext> current() {
    return current == null ? Optional.empty() : Optional.of(get(current));
  }

  /** Throws {@link FailedException} (HR-1208) when there is none of that name. */
  public ServerContext get(String name) {
    ServerContext found = all.get(name);
    if (found == null) {
      throw new FailedException(
          ExitCode.NOT_FOUND,
          Failure.of(
              ErrorCode.NO_SUCH_CONTEXT,
              "there is no context \"" + TenantNames.printable(name) + "\"",
              all.isEmpty() ? file + " has none" : "there are " + String.join(", ", all.keySet()),
              Suggestion.nearest(name, all.keySet())
                  .map(meant -> "did you mean \"" + meant + "\"?")
                  .orElse("helios-repl context --help shows how to write one")));
    }
    return found;
  }

  /** Makes it the current one; everything else in the file stays as it was written. */
  public void use(String name) {
    get(name);
    try {
      String text = Files.readString(file, StandardCharsets.UTF_8);
      Matcher line = CURRENT.matcher(text);
      String said = "current: " + name;
      String changed = line.find() ? line.replaceFirst(Matcher.quoteReplacement(said)) : said + "\n" + text;
      Path real = file.toRealPath();
      Path next = Files.createTempFile(real.toAbsolutePath().getParent(), "contexts", ".yaml");
      Files.writeString(next, changed);
      Files.move(next, real, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw wrong(0, "cannot be written", "its folder or file is not " + System.getProperty("user.name") + "'s to write");
    }
  }

  private void take(YamlNode root) {
    if (!(root instanceof YamlNode.Mapping mapping)) {
      throw wrong(root.line(), "is no mapping from keys to values", "it has to hold current: and contexts:");
    }
    for (Map.Entry<String, YamlNode> entry : mapping.entries().entrySet()) {
      int line = mapping.keyLines().getOrDefault(entry.getKey(), 0);
      switch (entry.getValue()) {
        case YamlNode.Scalar scalar when entry.getKey().equals("current") && !scalar.absent() -> current = scalar.text();
        case YamlNode.Mapping named when entry.getKey().equals("contexts") ->
            named.entries().forEach((name, node) -> all.put(name, context(name, node, line)));
        default ->
            throw wrong(
                line,
                "\"" + TenantNames.printable(entry.getKey()) + "\" is not understood here",
                "it has to hold current: and contexts:");
      }
    }
  }

  private ServerContext context(String name, YamlNode node, int line) {
    if (!TenantNames.isValid(name)) {
      throw wrong(line, "\"" + TenantNames.printable(name) + "\" is no name of a context", TenantNames.RULE);
    }
    Map<String, String> said = new LinkedHashMap<>();
    if (node instanceof YamlNode.Mapping mapping) {
      for (Map.Entry<String, YamlNode> entry : mapping.entries().entrySet()) {
        int at = mapping.keyLines().getOrDefault(entry.getKey(), line);
        if (!KEYS.contains(entry.getKey())) {
          throw wrong(
              at,
              name + ": unknown key \"" + TenantNames.printable(entry.getKey()) + "\"",
              "a context has " + String.join(", ", KEYS));
        }
        if (!(entry.getValue() instanceof YamlNode.Scalar scalar) || scalar.text().isBlank()) {
          throw wrong(at, name + "." + entry.getKey() + ": one value is needed", "it holds none, a list or a section");
        }
        said.put(entry.getKey(), scalar.text());
      }
    }
    String server = said.get("server");
    if (server == null) {
      throw wrong(node.line(), name + ": has no server", "nothing says where it is");
    }
    if (said.containsKey("certificate") != said.containsKey("key")) {
      throw wrong(node.line(), name + ": certificate and key go together", "it has one of them");
    }
    return new ServerContext(
        name,
        server,
        path(said, "token-file", line),
        path(said, "ca", line),
        path(said, "certificate", line),
        path(said, "key", line));
  }

  private @Nullable Path path(Map<String, String> said, String key, int line) {
    String text = said.get(key);
    if (text == null) {
      return null;
    }
    try {
      return text.startsWith("~/") ? home.resolve(text.substring(2)) : file.resolveSibling(text);
    } catch (InvalidPathException e) {
      throw wrong(line, key + ": is no path of a file", "it holds a character that no path has");
    }
  }

  private FailedException wrong(int line, String what, String why) {
    return new FailedException(
        ExitCode.USAGE,
        Failure.of(ErrorCode.CONTEXTS_FILE, file + (line > 0 ? ":" + line : "") + ": " + what, why, FORM));
  }
}
