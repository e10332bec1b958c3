package io.helios.repl.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** The word that was probably meant. */
public final class Suggestion {

  private Suggestion() {}

  /** The nearest of the known words, if it is near enough to be what a slip of the fingers made of it. */
  public static Optional<String> nearest(String word, Collection<String> known) {
    String low = word.toLowerCase(Locale.ROOT);
    int limit = Math.max(1, Math.min(3, word.length() / 3));
    return known.stream()
        .filter(k -> distance(low, k.toLowerCase(Locale.ROOT)) <= limit)
        .min(Comparator.comparingInt(k -> distance(low, k.toLowerCase(Locale.ROOT))));
  }

  /** Damerau's edit distance, adjacent transpositions counting as one. */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1), d[i - 1][j - 1] + change);
        if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
