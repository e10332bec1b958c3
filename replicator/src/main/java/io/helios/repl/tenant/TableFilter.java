package io.helios.repl.tenant;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Which tables take part: globs of {@code schema.table} where {@code *} is any run of characters and {@code ?} any one;
 * a leading {@code !} excludes. A table takes part when some including glob matches it and no excluding one does. A
 * list of excludes alone excludes from everything. A glob without a dot means {@code public.}.
 */
public final class TableFilter {

  public static final TableFilter ALL = new TableFilter(List.of("*.*"));

  private final List<String> globs;
  private final List<Pattern> includes;
  private final List<Pattern> excludes;

  public TableFilter(List<String> globs) {
    this.globs = List.copyOf(globs);
    List<Pattern> in =
        globs.stream().filter(g -> !g.startsWith("!")).map(TableFilter::compile).toList();
    this.includes = in.isEmpty() ? List.of(compile("*.*")) : in;
    this.excludes = globs.stream().filter(g -> g.startsWith("!")).map(g -> compile(g.substring(1))).toList();
  }

  public List<String> globs() {
    return globs;
  }

  public boolean matches(String schema, String table) {
    String name = schema + "." + table;
    return includes.stream().anyMatch(p -> p.matcher(name).matches())
        && excludes.stream().noneMatch(p -> p.matcher(name).matches());
  }

  private static Pattern compile(String glob) {
    String full = glob.indexOf('.') < 0 ? "public." + glob : glob;
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < full.length(); i++) {
      char c = full.charAt(i);
      switch (c) {
        case '*' -> regex.append(".*");
        case '?' -> regex.append('.');
        default -> regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TableFilter filter && globs.equals(filter.globs);
  }

  @Override
  public int hashCode() {
    return globs.hashCode();
  }

  @Override
  public String toString() {
    return String.join(",", globs);
  }
}
