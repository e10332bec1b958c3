package io.helios.repl.config;

import java.util.regex.Pattern;

/** What a tenant may be called. Names stand in commands, URLs, labels and application names; never in paths or SQL. */
public final class TenantNames {

  /** In words, for messages. */
  public static final String RULE =
      "names begin with a letter or digit and go on with letters, digits, dot, underscore and hyphen, at most 63"
          + " characters";

  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  private TenantNames() {}

  public static boolean isValid(String name) {
    return FORM.matcher(name).matches();
  }

  /** A text that may hold anything, made fit for one line of a message. */
  public static String printable(String text) {
    String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
    return cut.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
  }
}
