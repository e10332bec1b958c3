package io.helios.repl.postgres.schema;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One definition of a dump (PostgreSQL: {@code struct _tocEntry} in {@code pg_backup_archiver.h}).
 *
 * @param number what other entries call it
 * @param catalog OID of the source's catalog that has it, 0 for what is no object of its own (comments, grants)
 * @param oid in that catalog
 * @param kind for example {@code FUNCTION}, {@code FK CONSTRAINT}
 * @param tag its name for people; not SQL
 * @param definition SQL, one statement or several
 * @param drop SQL that names the object, or empty
 * @param schema its schema, null for what is in none
 * @param owner its owner's name, or empty
 * @param uses numbers of the entries that it is about or depends on
 */
record ArchiveEntry(
    int number,
    long catalog,
    long oid,
    String kind,
    String tag,
    String definition,
    String drop,
    @Nullable String schema,
    String owner,
    List<Integer> uses) {

  /** For people, in one line. */
  String name() {
    String full = kind.toLowerCase(java.util.Locale.ROOT) + " " + (schema == null ? "" : schema + ".") + tag;
    return full.replaceAll("\\p{Cntrl}+", " ");
  }
}
