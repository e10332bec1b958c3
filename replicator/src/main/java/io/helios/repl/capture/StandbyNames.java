package io.helios.repl.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code synchronous_standby_names} says ({@code src/backend/replication/syncrep_gram.y}): names, quoted or not, in any
 * case, alone or after {@code n}, {@code FIRST n} or {@code ANY n}. A list alone is {@code FIRST 1}.
 *
 * @param needed how many of them a commit waits for
 * @param names in small letters, an asterisk for any standby
 */
record StandbyNames(int needed, List<String> names) {

  private static final Pattern NUMBERED = Pattern.compile("\\s*(?:FIRST\\s+|ANY\\s+)?(\\d+)\\s*\\((.*)\\)\\s*", Pattern.CASE_INSENSITIVE);
  private static final Pattern NAME = Pattern.compile("\"((?:[^\"]|\"\")*)\"|[^\\s,\"]+");
  private static final String ANY = "*";

  static StandbyNames of(String setting) {
    Matcher numbered = NUMBERED.matcher(setting);
    boolean counts = numbered.matches();
    Matcher name = NAME.matcher(counts ? numbered.group(2) : setting);
    List<String> names = new ArrayList<>();
    while (name.find()) {
      String quoted = name.group(1);
      names.add((quoted == null ? name.group() : quoted.replace("\"\"", "\"")).toLowerCase(Locale.ROOT));
    }
    return new StandbyNames(counts ? Integer.parseInt(numbered.group(1)) : 1, List.copyOf(names));
  }

  /** A slot's name as it is written there. */
  static String written(String slot) {
    return Character.isDigit(slot.charAt(0)) || List.of("first", "any").contains(slot) ? '"' + slot + '"' : slot;
  }

  /** Whether a standby of that name is one of those that commits may wait for. */
  boolean name(String standby) {
    return names.contains(standby) || names.contains(ANY);
  }

  /**
   * Whether no commit goes without a standby of that name: all that are listed are needed, and it is one of them. Else the others
   * are enough, in {@code FIRST} too, where one that is away is replaced by the next in line.
   */
  boolean require(String standby) {
    return names.contains(standby) && !names.contains(ANY) && needed >= names.size();
  }
}
