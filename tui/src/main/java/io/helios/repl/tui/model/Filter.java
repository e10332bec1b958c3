package io.helios.repl.tui.model;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.FailoverPhase;
import io.helios.repl.tui.fleet.Fleet;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Phase;
import io.helios.repl.tui.fleet.Standing;
import io.helios.repl.tui.fleet.Tenant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which tenants, migrations and failovers are listed: words that all have to hold. A word is a part of the name, or {@code state:}, {@code tier:},
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
    return going(m -> new Going(fleet.tenant(m.tenant()), m.state(), Phase.of(m).word(), m.from(), m.to()));
  }

  /** The same of failovers. */
  Predicate<Failover> failovers(Fleet fleet) {
    return going(f -> new Going(fleet.tenant(f.tenant()), f.state(), FailoverPhase.of(f).word(), f.from(), f.to()));
  }

  /** A tenant that goes from one home to another. */
  private record Going(@Nullable Tenant tenant, String state, String word, String from, String to) {}

  private <T> Predicate<T> going(Function<T, Going> as) {
    Predicate<Going> all = words().stream().map(Filter::going).reduce(g -> true, Predicate::and);
    return t -> all.test(as.apply(t));
  }

  private static Predicate<Going> going(String word) {
    if (word.startsWith("!") && word.length() > 1) {
      return going(word.substring(1)).negate();
    }
    int colon = word.indexOf(':');
    String value = word.substring(colon + 1);
    return switch (colon < 0 ? "" : word.substring(0, colon)) {
      case "state" -> g -> begins(g.state().replace('_', '-'), value) || begins(g.word(), value);
      case "source" -> g -> begins(g.from(), value);
      case "target" -> g -> begins(g.to(), value);
      default -> {
        Predicate<Tenant> ofTenant = word(word);
        yield g -> g.tenant() != null && ofTenant.test(g.tenant());
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
