package io.helios.repl.capture;

import io.helios.repl.error.Problem;
import io.helios.repl.postgres.Relation;
import io.helios.repl.postgres.Tuple;
import org.jspecify.annotations.Nullable;

/** Where {@link TenantRouter} puts what it routed. {@code tenant} is a place in {@link Routes#tenants}. */
interface RoutedChanges {

  void insert(int tenant, Relation relation, Tuple row);

  void update(int tenant, Relation relation, @Nullable Tuple old, boolean oldIsKey, Tuple row);

  void delete(int tenant, Relation relation, Tuple old, boolean oldIsKey);

  void upsert(int tenant, Relation relation, Tuple row);

  void truncate(int tenant, Relation relation, boolean restartIdentity);

  /** A change of this tenant cannot be told or carried: from here on it would have a hole. */
  void failed(int tenant, Problem problem);
}
