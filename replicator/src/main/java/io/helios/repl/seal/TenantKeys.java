package io.helios.repl.seal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A tenant's keys at one moment, generation 1 first, never empty. Immutable; the keys in it can be destroyed. */
record TenantKeys(List<TenantKey> generations) {

  TenantKeys {
    generations = List.copyOf(generations);
  }

  TenantKey current() {
    return generations.getLast();
  }

  @Nullable TenantKey generation(int generation) {
    return generation < 1 || generation > generations.size() ? null : generations.get(generation - 1);
  }

  void destroy() {
    generations.forEach(TenantKey::destroy);
  }
}
