package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Phase;
import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which tenants and migrations are listed: words that all have to hold. A word is a part of the name, or {@code state:}, {@code tier:},
 * {@code source:}, {@code target:}, {@code region:} with the beginning of what is meant; {@code !} before it turns it round.
 */
public record Filter(String text) {

  public static final Filter NONE = new Filter("");
  public static final String KEYS = "state: tier: source: target: region:";

  private static final Pattern SPACES = Pattern.compile("\\s+");

  public boolean isNone() {
    return text.isBlank();
  }

  /** The first word whose key is none of {@link #KEYS}. */
  Optional<String> unknownKey() {
    return words().stream()
        .map(w -> w.startsWith("!") ? w.substring(1) : w)
        .filter(w -> w.indexOf(':') > 0 && !KEYS.contains(w.substring(0, w.indexOf(':') + 1)))
        .map(w -> w.substring(0, w.indexOf(':') + 1))
        .findFirst();
  }

  Predicate<Tenant> predicate() {
    return words().stream().map(Filter::word).reduce(t -> true, Predicate::and);
  }

  /** The same of migrations: their state is meant then, and where they go from and to. */
  Predicate<Migration> moves(Fleet fleet) {
    return words().stream().map(w -> move(w, fleet)).reduce(m -> true, Predicate::and);
  }

  private static Predicate<Migration> move(String word, Fleet fleet) {
    if (word.startsWith("!") && word.length() > 1) {
      return move(word.substring(1), fleet).negate();
    }
    int colon = word.indexOf(':');
    String value = word.substring(colon + 1);
    return switch (colon < 0 ? "" : word.substring(0, colon)) {
      case "state" -> m -> begins(m.state().replace('_', '-'), value) || begins(Phase.of(m).word(), value);
      case "source" -> m -> begins(m.from(), value);
      case "target" -> m -> begins(m.to(), value);
      default -> {
        Predicate<Tenant> ofTenant = word(word);
        yield m -> {
          Tenant tenant = fleet.tenant(m.tenant());
          return tenant != null && ofTenant.test(tenant);
        };
      }
    };
  }

  private List<String> words() {
    return SPACES.splitAsStream(text.strip().toLowerCase(Locale.ROOT)).filter(w -> !w.isEmpty()).toList();
  }

  private static Predicate<Tenant> word(String word) {
    if (word.startsWith("!") && word.length() > 1) {
      return word(word.substring(1)).negate();
    }
    int colon = word.indexOf(':');
    String value = word.substring(colon + 1);
    return switch (colon < 0 ? "" : word.substring(0, colon)) {
      case "state" -> t -> begins(t.state(), value) || begins(Standing.of(t).word(), value);
      case "tier" -> t -> begins(t.tier(), value);
      case "source" -> t -> begins(t.source(), value);
      case "target" -> t -> begins(t.target(), value);
      case "region" -> t -> begins(t.sourceRegion(), value) || begins(t.targetRegion(), value);
      default -> t -> t.name().toLowerCase(Locale.ROOT).contains(word);
    };
  }

  private static boolean begins(@Nullable String text, String beginning) {
    return text != null && text.toLowerCase(Locale.ROOT).startsWith(beginning);
  }
}
