package io.helios.repl.capture;

/** What a type that is not built in comes down to. A seam over the source's {@code pg_type}. */
@FunctionalInterface
public interface ColumnTypes {

  /** {@code anyenum}: stands for any enum type. */
  int ENUM = 3500;

  /** Nothing that is known: only built-in types can be the tenant's. */
  ColumnTypes BUILT_IN_ONLY = typeOid -> 0;

  /**
   * The built-in type that a domain is over, {@link #ENUM} for an enum, 0 for anything else or unknown.
   *
   * @param typeOid 16384 or above
   * @throws io.helios.repl.error.TransientException when the source cannot be asked now
   */
  int baseOf(int typeOid);
}
