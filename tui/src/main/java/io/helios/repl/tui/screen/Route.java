package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Failover;
import io.helios.repl.tui.fleet.Migration;
import io.helios.repl.tui.fleet.Tenant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** From where to where a tenant is replicated: regions where they differ, names where they do not or where there is room. Pure. */
final class Route {

  private static final Pattern REGION = Pattern.compile("([a-z]{2,3})-(?:gov-)?([a-z]+)-(\\d{1,2})");

  private Route() {}

  static String of(Tenant tenant, int width, Glyphs glyphs) {
    return of(tenant.source(), tenant.target(), tenant, glyphs.arrow(), width, glyphs);
  }

  /** The same way all along, with an arrow that turns round where it goes back. */
  static String of(Migration move, @Nullable Tenant tenant, int width, Glyphs glyphs) {
    return of(move.from(), move.to(), tenant, move.goesBack() ? glyphs.back() : glyphs.arrow(), width, glyphs);
  }

  /** From the home that died to the new one. */
  static String of(Failover failover, @Nullable Tenant tenant, int width, Glyphs glyphs) {
    return of(failover.from(), failover.to(), tenant, glyphs.arrow(), width, glyphs);
  }

  private static String of(
      String from, String to, @Nullable Tenant tenant, String arrow, int width, Glyphs glyphs) {
    String regionFrom = region(from, tenant);
    String regionTo = region(to, tenant);
    boolean regions = regionFrom != null && regionTo != null && !regionFrom.equals(regionTo);
    String left = regions ? abbreviated(String.valueOf(regionFrom)) : from;
    String right = regions ? abbreviated(String.valueOf(regionTo)) : to;
    int room = width - arrow.length();
    if (left.length() + right.length() <= room) {
      return left + arrow + right;
    }
    int forRight = Math.min(right.length(), Math.max(room / 2, room - left.length()));
    int forLeft = room - forRight;
    return Text.cut(left, forLeft, glyphs.ellipsis()) + arrow + Text.cut(right, forRight, glyphs.ellipsis());
  }

  /** Where one of a tenant's two ends is; null when nobody tells. They change places when the tenant is moved. */
  static @Nullable String region(String end, @Nullable Tenant tenant) {
    if (tenant == null) {
      return null;
    }
    return end.equals(tenant.source()) ? tenant.sourceRegion() : end.equals(tenant.target()) ? tenant.targetRegion() : null;
  }

  /** us-east-1 is use1, ap-southeast-2 apse2; what has no such form stays as it is. */
  static String abbreviated(String region) {
    Matcher parts = REGION.matcher(region);
    if (!parts.matches()) {
      return region;
    }
    String direction = parts.group(2);
    for (String first : new String[] {"north", "south"}) {
      if (direction.startsWith(first) && direction.length() > first.length()) {
        return parts.group(1) + first.charAt(0) + direction.charAt(first.length()) + parts.group(3);
      }
    }
    return parts.group(1) + direction.charAt(0) + parts.group(3);
  }
}
