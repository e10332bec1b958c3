package io.helios.repl.migration.traffic;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The line of one alias in a file that PgBouncer reads ({@code src/loader.c}, {@code lib/usual/cfparser.c}): {@code name = host=… port=…
 * dbname=… pool_size=…}. Only where it leads is ever changed; every other byte of the file stays. Immutable.
 *
 * <p>The text is the file's bytes, one character each, so nothing depends on its encoding.
 */
final class AliasText {

  private static final Pattern SECTION = Pattern.compile("\\s*\\[([^\\]]*)].*");
  /** Bare names; in single quotes since 1.25. */
  private static final Pattern ENTRY = Pattern.compile("\\s*(?:'([^']+)'|([A-Za-z0-9_.*-]+))[ \\t]*=[ \\t]*(\\S.*?|)\\s*");
  private static final Pattern PAIR = Pattern.compile("\\s*([^\\s=]+)\\s*=\\s*('(?:[^']|'')*'|\\S*)");
  private static final Pattern BARE = Pattern.compile("[A-Za-z0-9_.:/,-]+");
  private static final String DEFAULT_PORT = "5432";

  private final String text;
  private final String alias;
  private final int start;
  private final int end;
  private final List<Pair> pairs;

  /** A parameter; {@code from} and {@code to} are its value's place in the text, quotes included. */
  private record Pair(String key, String value, int from, int to) {}

  private AliasText(String text, String alias, int start, int end, List<Pair> pairs) {
    this.text = text;
    this.alias = alias;
    this.start = start;
    this.end = end;
    this.pairs = pairs;
  }

  /**
   * The alias' lines in the section {@code [databases]}, which a file without any section is thought to be included in.
   *
   * @return one where all is well
   */
  static List<AliasText> find(byte[] file, String alias) {
    String text = new String(file, ISO_8859_1);
    String name = raw(alias);
    List<AliasText> found = new ArrayList<>();
    boolean databases = true;
    for (int begin = 0; begin < text.length(); ) {
      int newline = text.indexOf('\n', begin);
      int stop = newline < 0 ? text.length() : newline;
      String line = text.substring(begin, stop);
      Matcher section = SECTION.matcher(line);
      Matcher entry = ENTRY.matcher(line);
      if (section.matches()) {
        databases = section.group(1).equals("databases");
      } else if (databases && entry.matches() && name.equals(entry.group(1) == null ? entry.group(2) : entry.group(1))) {
        int from = begin + entry.start(3);
        int to = begin + entry.end(3);
        found.add(new AliasText(text, alias, from, to, pairs(text, from, to)));
      }
      begin = stop + 1;
    }
    return found;
  }

  private static List<Pair> pairs(String text, int from, int to) {
    List<Pair> pairs = new ArrayList<>();
    Matcher pair = PAIR.matcher(text).region(from, to);
    while (pair.lookingAt()) {
      String value = pair.group(2);
      boolean quoted = value.length() > 1 && value.startsWith("'");
      pairs.add(new Pair(
          pair.group(1).toLowerCase(Locale.ROOT),
          quoted ? value.substring(1, value.length() - 1).replace("''", "'") : value,
          pair.start(2),
          pair.end(2)));
      pair.region(pair.end(), to);
    }
    return pairs;
  }

  /** Whether the alias leads there. */
  boolean leadsTo(HomeAddress home) {
    return raw(home.host()).equals(value("host"))
        && Integer.toString(home.port()).equals(port())
        && raw(home.database()).equals(database());
  }

  /** {@code host:port/database}, for messages. */
  String place() {
    String host = value("host");
    return readable(host == null ? "(local socket)" : host) + ":" + port() + "/" + readable(database());
  }

  /** The whole file with the alias leading there. */
  byte[] leadingTo(HomeAddress home) {
    StringBuilder changed = new StringBuilder(text);
    List<Pair> edits = new ArrayList<>();
    StringBuilder added = new StringBuilder();
    edit("host", raw(home.host()), value("host"), edits, added);
    edit("port", Integer.toString(home.port()), port(), edits, added);
    edit("dbname", raw(home.database()), database(), edits, added);
    changed.insert(end, start == end ? added.toString().stripLeading() : added);
    edits.sort((a, b) -> Integer.compare(b.from(), a.from()));
    edits.forEach(e -> changed.replace(e.from(), e.to(), quoted(e.value())));
    return changed.toString().getBytes(ISO_8859_1);
  }

  private void edit(String key, String wanted, @Nullable String now, List<Pair> edits, StringBuilder added) {
    if (wanted.equals(now)) {
      return;
    }
    Pair pair = pair(key);
    if (pair == null) {
      added.append(' ').append(key).append('=').append(quoted(wanted));
    } else {
      edits.add(new Pair(key, wanted, pair.from(), pair.to()));
    }
  }

  private String port() {
    String port = value("port");
    return port == null ? DEFAULT_PORT : port;
  }

  private String database() {
    String database = value("dbname");
    return database == null ? raw(alias) : database;
  }

  private @Nullable String value(String key) {
    Pair pair = pair(key);
    return pair == null ? null : pair.value();
  }

  /** The last one counts, as in PgBouncer. */
  private @Nullable Pair pair(String key) {
    return pairs.stream().filter(p -> p.key().equals(key)).reduce((first, second) -> second).orElse(null);
  }

  private static String quoted(String value) {
    return BARE.matcher(value).matches() ? value : "'" + value.replace("'", "''") + "'";
  }

  private static String raw(String text) {
    return new String(text.getBytes(UTF_8), ISO_8859_1);
  }

  private static String readable(String raw) {
    return new String(raw.getBytes(ISO_8859_1), UTF_8);
  }
}
