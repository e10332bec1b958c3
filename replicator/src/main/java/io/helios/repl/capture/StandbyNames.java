package io.helios.repl.capture;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code synchronous_standby_names} says ({@code src/backend/replication/syncrep_gram.y}): names, quoted or not, in any
 * case, alone or after {@code FIRST n} or {@code ANY n}.
 */
final class StandbyNames {

  private static final Pattern TOKEN = Pattern.compile("\"((?:[^\"]|\"\")*)\"|[^\\s,()\"]+");

  private StandbyNames() {}

  /** A slot's name as it is written there. */
  static String written(String slot) {
    return Character.isDigit(slot.charAt(0)) || List.of("first", "any").contains(slot) ? '"' + slot + '"' : slot;
  }

  /** Whether a standby of that name is one of those that commits may wait for. An asterisk stands for any. */
  static boolean name(String setting, String standby) {
    boolean many = setting.contains("(");
    String list = many ? setting.substring(setting.indexOf('(')) : setting;
    Matcher token = TOKEN.matcher(list);
    while (token.find()) {
      String quoted = token.group(1);
      String name = quoted == null ? token.group() : quoted.replace("\"\"", "\"");
      if (quoted == null && name.equals("*") || name.toLowerCase(Locale.ROOT).equals(standby.toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }
}
