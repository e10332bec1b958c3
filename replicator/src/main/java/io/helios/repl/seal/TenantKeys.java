package io.helios.repl.seal;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
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

  /**
   * With the generation that follows, for which {@code bytes} are copied; these, when it is the key that is there.
   *
   * @throws io.helios.repl.error.OperatorException when it neither follows nor is there
   */
  static TenantKeys adopting(@Nullable TenantKeys old, UUID tenant, int generation, byte[] bytes) {
    List<TenantKey> keys = new ArrayList<>(old == null ? List.of() : old.generations());
    TenantKey same = old == null ? null : old.generation(generation);
    if (old != null && same != null && same.is(bytes)) {
      return old;
    }
    if (generation != keys.size() + 1) {
      throw Keyring.doesNotFollow(tenant, generation, keys.size());
    }
    keys.add(new TenantKey(tenant, generation, bytes.clone()));
    return new TenantKeys(keys);
  }

  void destroy() {
    generations.forEach(TenantKey::destroy);
  }
}
