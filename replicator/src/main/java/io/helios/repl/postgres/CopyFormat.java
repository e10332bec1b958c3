package io.helios.repl.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The format in which rows travel from one server's {@code COPY … TO} to another's {@code COPY … FROM}. */
public enum CopyFormat {
  TEXT("FORMAT text"),
  /** Text for a server that does not read all that a newer one writes ({@link CharBytes}). */
  TEXT_BEFORE_15("FORMAT text"),
  BINARY("FORMAT binary");

  /**
   * Built-in types whose binary form means the same on every server from 14 to 18, whatever its settings and platform
   * (PostgreSQL: the {@code …send} and {@code …recv} functions; OIDs from {@code pg_type.dat}). Left out: money (its
   * scale is a locale's), interval (17 took two of its values for the infinities), tsquery (its receive function refuses
   * the empty one that its send function sends), xml (which is read in another way when it comes as binary), names of catalog objects ({@code reg…}), everything that is not built in.
   */
  private static final Set<Integer> PORTABLE = portable();

  private static final String PUBLISHED_TYPES =
      """
      SELECT DISTINCT a.atttypid::pg_catalog.int8
      FROM pg_catalog.pg_publication_tables p
      JOIN pg_catalog.pg_namespace n ON n.nspname = p.schemaname
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = ''
      WHERE p.pubname = ?
      """;

  private final String option;

  CopyFormat(String option) {
    this.option = option;
  }

  /** For the parentheses of COPY. */
  public String option() {
    return option;
  }

  /**
   * Binary where each of the source's columns has a portable type and the very same type at the target; else text, which
   * the target casts.
   */
  public static CopyFormat between(TableDefinition source, TableDefinition target) {
    return copied(source).stream()
            .allMatch(column -> PORTABLE.contains(column.typeOid())
                && target.column(column.name()).filter(c -> c.typeOid() == column.typeOid()).isPresent())
        ? BINARY
        : TEXT;
  }

  /** The same for a target of this major. */
  public static CopyFormat between(TableDefinition source, TableDefinition target, int targetMajor) {
    CopyFormat format = between(source, target);
    return format == TEXT && !CharBytes.readsOctal(targetMajor) ? TEXT_BEFORE_15 : format;
  }

  /** The source's column as it goes into the COPY: its SQL, or an expression over it. */
  public String selected(String column, int typeOid) {
    return this == TEXT_BEFORE_15 ? CharBytes.inAscii(column, typeOid) : column;
  }

  /** Whether the type is built in and its binary form means the same on every server. */
  public static boolean isPortable(int typeOid) {
    return PORTABLE.contains(typeOid);
  }

  /** Whether each column of a table of the stream has such a type. */
  public static boolean isPortable(Relation relation) {
    return relation.columns().stream().allMatch(column -> isPortable(column.typeOid()));
  }

  /** Whether each column that the publication carries has such a type, as the source's catalog is now. */
  public static boolean isPortable(Connection source, String publication) throws SQLException {
    try (PreparedStatement query = source.prepareStatement(PUBLISHED_TYPES)) {
      query.setString(1, publication);
      try (ResultSet types = query.executeQuery()) {
        while (types.next()) {
          if (!isPortable((int) types.getLong(1))) {
            return false;
          }
        }
        return true;
      }
    }
  }

  /** The columns that are copied: all but the generated ones. */
  public static List<TableDefinition.ColumnDefinition> copied(TableDefinition table) {
    return table.columns().stream().filter(column -> !column.isGenerated()).toList();
  }

  private static Set<Integer> portable() {
    int[][] typesAndTheirArrays = {
      {16, 1000}, // bool
      {17, 1001}, // bytea
      {18, 1002}, // "char"
      {19, 1003}, // name
      {20, 1016}, // int8
      {21, 1005}, // int2
      {23, 1007}, // int4
      {25, 1009}, // text
      {26, 1028}, // oid
      {27, 1010}, // tid
      {28, 1011}, // xid
      {29, 1012}, // cid
      {114, 199}, // json
      {600, 1017}, // point
      {601, 1018}, // lseg
      {602, 1019}, // path
      {603, 1020}, // box
      {604, 1027}, // polygon
      {628, 629}, // line
      {650, 651}, // cidr
      {700, 1021}, // float4
      {701, 1022}, // float8
      {718, 719}, // circle
      {774, 775}, // macaddr8
      {829, 1040}, // macaddr
      {869, 1041}, // inet
      {1042, 1014}, // bpchar
      {1043, 1015}, // varchar
      {1082, 1182}, // date
      {1083, 1183}, // time
      {1114, 1115}, // timestamp
      {1184, 1185}, // timestamptz
      {1266, 1270}, // timetz
      {1560, 1561}, // bit
      {1562, 1563}, // varbit
      {1700, 1231}, // numeric
      {2950, 2951}, // uuid
      {3220, 3221}, // pg_lsn
      {3614, 3643}, // tsvector
      {3802, 3807}, // jsonb
      {3904, 3905}, // int4range
      {3906, 3907}, // numrange
      {3908, 3909}, // tsrange
      {3910, 3911}, // tstzrange
      {3912, 3913}, // daterange
      {3926, 3927}, // int8range
      {4451, 6150}, // int4multirange
      {4532, 6151}, // nummultirange
      {4533, 6152}, // tsmultirange
      {4534, 6153}, // tstzmultirange
      {4535, 6155}, // datemultirange
      {4536, 6157}, // int8multirange
      {5069, 271}, // xid8
    };
    Set<Integer> oids = new HashSet<>();
    for (int[] pair : typesAndTheirArrays) {
      oids.add(pair[0]);
      oids.add(pair[1]);
    }
    return Set.copyOf(oids);
  }
}
