package io.helios.repl.postgres;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The format in which rows travel from one server's {@code COPY … TO} to another's {@code COPY … FROM}. */
public enum CopyFormat {
  TEXT("FORMAT text"),
  BINARY("FORMAT binary");

  /**
   * Built-in types whose binary form means the same on every server from 14 to 18, whatever its settings and platform
   * (PostgreSQL: the {@code …send} and {@code …recv} functions; OIDs from {@code pg_type.dat}). Left out: money (its
   * scale is a locale's), names of catalog objects ({@code reg…}), everything that is not built in.
   */
  private static final Set<Integer> PORTABLE = portable();

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

  /** Whether the type is built in and its binary form means the same on every server. */
  public static boolean isPortable(int typeOid) {
    return PORTABLE.contains(typeOid);
  }

  /** The columns that are copied: all but the generated ones. */
  public static List<TableDefinition.ColumnDefinition> copied(TableDefinition table) {
    return table.columns().stream().filter(column -> !column.isGenerated()).toList();
  }

  private static Set<Integer> portable() {
    int[][] typesAndTheirArrays = {
      {16, 1000}, // bool
      {17, 1001}, // bytea
      {20, 1016}, // int8
      {21, 1005}, // int2
      {23, 1007}, // int4
      {25, 1009}, // text
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
      {1186, 1187}, // interval
      {1266, 1270}, // timetz
      {1560, 1561}, // bit
      {1562, 1563}, // varbit
      {1700, 1231}, // numeric
      {2950, 2951}, // uuid
      {3802, 3807}, // jsonb
    };
    Set<Integer> oids = new HashSet<>();
    for (int[] pair : typesAndTheirArrays) {
      oids.add(pair[0]);
      oids.add(pair[1]);
    }
    return Set.copyOf(oids);
  }
}
