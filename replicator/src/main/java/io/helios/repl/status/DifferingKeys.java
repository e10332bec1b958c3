package io.helios.repl.status;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first rows of a table in which the sides differ, named by hashes of their keys: enough for a query to find them,
 * and no value of any row.
 *
 * @param relation the table as SQL, quoted
 * @param tenantColumn the column that says whose a row is, as SQL; null when every row is the tenant's
 * @param hashSql the key's hash as SQL over a row {@code t}: 64 hexadecimal digits
 * @param wholeRow whether the table has no key, so that the hash is that of all columns
 * @param hashes the first 128 bits of each, as 32 hexadecimal digits
 */
public record DifferingKeys(
    String relation, @Nullable String tenantColumn, String hashSql, boolean wholeRow, List<String> hashes) {

  public DifferingKeys {
    hashes = List.copyOf(hashes);
  }
}
