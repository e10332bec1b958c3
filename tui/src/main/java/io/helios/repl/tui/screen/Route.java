package io.helios.repl.tui.screen;

import io.helios.repl.tui.fleet.Tenant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** From where to where a tenant is replicated: regions where they differ, names where they do not or where there is room. Pure. */
final class Route {

  private static final Pattern REGION = Pattern.compile("([a-z]{2,3})-(?:gov-)?([a-z]+)-(\\d{1,2})");

  private Route() {}

  static String of(Tenant tenant, int width, Glyphs glyphs) {
    String from = tenant.sourceRegion();
    String to = tenant.targetRegion();
    boolean regions = from != null && to != null && !from.equals(to);
    String left = regions ? abbreviated(String.valueOf(from)) : tenant.source();
    String right = regions ? abbreviated(String.valueOf(to)) : tenant.target();
    int room = width - glyphs.arrow().length();
    if (left.length() + right.length() <= room) {
      return left + glyphs.arrow() + right;
    }
    int forRight = Math.min(right.length(), Math.max(room / 2, room - left.length()));
    int forLeft = room - forRight;
    return Text.cut(left, forLeft, glyphs.ellipsis()) + glyphs.arrow() + Text.cut(right, forRight, glyphs.ellipsis());
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
