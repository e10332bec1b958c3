package io.helios.repl.tests.values;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A type and the values of it that are most easily spoiled on the way, as SQL expressions.
 *
 * @param name of the column
 * @param type as SQL
 * @param portable whether a stream of such columns goes in binary
 * @param values SQL expressions, cast to the type
 */
record Samples(String name, String type, boolean portable, List<String> values) {

  /** Own types that {@link #all} needs, to be made at the source; the target gets them from there. */
  static final List<String> TYPES =
      List.of(
          "CREATE SCHEMA things",
          "CREATE TYPE things.\"Mood\" AS ENUM ('sad', 'so,so', 'it''s \"fine\"', '\\', '', 'ünicode')",
          "CREATE DOMAIN things.positive AS int CHECK (VALUE > 0)",
          "CREATE DOMAIN things.short AS varchar(5)",
          "CREATE DOMAIN things.padded AS char(6)",
          "CREATE DOMAIN things.list AS int[] CHECK (pg_catalog.array_ndims(VALUE) IS DISTINCT FROM 3)",
          "CREATE TYPE things.part AS (a int, \"B b\" text, c numeric(10,2)[], d things.\"Mood\", e timestamptz, f char(4))",
          "CREATE DOMAIN things.checked_part AS things.part CHECK ((VALUE).a IS DISTINCT FROM 0)",
          "CREATE TYPE things.whole AS (p things.part, q things.part[], r bytea, s things.positive)",
          "CREATE TYPE things.textrange AS RANGE (subtype = text, collation = \"C\")",
          "CREATE TYPE things.moodrange AS RANGE (subtype = things.\"Mood\", multirange_type_name = things.moods)",
          "CREATE TYPE things.floatrange AS RANGE (subtype = float8, subtype_diff = float8mi)",
          "CREATE TABLE things.named (id int PRIMARY KEY)");

  private static final String[] TEXTS = {
    "''", "' '", "E'a\\tb\\nc\\rd\\\\e'", "E'\\\\.'", "E'\\\\N'", "E'\\\\N\\n\\\\.\\n'", "'NULL'", "'null'", "'{}'", "'\"q\"''q'", "'ä€😀'",
    "U&'\\0001\\007f\\+10ffff\\fffd'", "repeat(E'\\\\\\t', 300)"
  };

  /** @param major the lower one of source and target */
  static List<Samples> all(int major, boolean xml) {
    List<Samples> all = new ArrayList<>();
    String digits = "(repeat('1234567890', 100) || '.' || repeat('0987654321', 100))";
    portable(all, "bool", "true", "false");
    portable(all, "int2", "-32768", "32767", "0");
    portable(all, "int4", "-2147483648", "2147483647", "0");
    portable(all, "int8", "-9223372036854775808", "9223372036854775807");
    portable(all, "float4", "'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "'1e-45'", "'3.4028235e38'", "0.1");
    portable(all, "float8", "'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "'5e-324'", "'1.7976931348623157e308'",
        "0.1", "'0.30000000000000004'", "1e15", "1e16");
    portable(all, "numeric", "'NaN'", "'Infinity'", "'-Infinity'", "0", "'0.000'", "'-0'", "1.10", "1.1000", digits,
        "'-' || " + digits, "'1e-1000'", "'1e1000'", "'0.00000000000000000000000000001'");
    portable(all, "numeric(12,4)", "1", "'-99999999.9999'", "'NaN'");
    if (major >= 15) {
      portable(all, "numeric(3,-2)", "12345", "-99900");
      portable(all, "numeric(3,5)", "0.00123");
    }
    portable(all, "text", TEXTS);
    portable(all, "varchar", TEXTS);
    portable(all, "varchar(8)", "''", "'12345678'", "'ab      '");
    portable(all, "bpchar", "''", "'a  '", "'  a'");
    portable(all, "char(10)", "''", "'a'", "'  a  '", "E'\\\\.'", "'ääääääääää'", "E'a\\t\\n'");
    portable(all, "\"char\"", "''", "'a'", "E'\\\\'", "E'\\t'");
    portable(all, "name", "''", "'a b'", "repeat('n', 63)", "'Ünï'");
    portable(all, "bytea", "''", "'\\x00'", "'\\x5c5c6e0a0d09'", "decode(repeat('00ff', 200), 'hex')", "'\\x4e554c4c'");
    portable(all, "date", "'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'0001-01-01'",
        "'0001-12-31 BC'", "'2000-02-29'");
    portable(all, "time", "'00:00'", "'24:00'", "'23:59:59.999999'");
    portable(all, "time(2)", "'12:00:00.129'", "'24:00'");
    portable(all, "timetz", "'24:00+15:59:59'", "'00:00-15:59:59'", "'12:00:00.000001+05:53:28'", "'12:00-00:00:01'");
    portable(all, "timestamp", "'infinity'", "'-infinity'", "'4713-11-24 00:00:00 BC'", "'294276-12-31 23:59:59.999999'",
        "'0044-03-15 12:00 BC'", "'2000-01-01'");
    portable(all, "timestamptz", "'infinity'", "'-infinity'", "'4713-11-24 00:00:00+00 BC'",
        "'294276-12-31 23:59:59.999999+00'", "'1883-11-18 12:03:58-04:56:02'", "'2026-03-29 02:30:00 Europe/Berlin'");
    portable(all, "timestamptz(0)", "'2000-01-01 00:00:00.5+00'");
    portable(all, "uuid", "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'");
    portable(all, "json", "' { \"a\" : 1 ,\n\t\"a\":2.0, \"\\u0000\": \"\\\\\" } '", "'null'", "'\"\"'", "'1e400'",
        "'[1.0,1.00, -0]'", "repeat('[', 500) || repeat(']', 500)");
    portable(all, "jsonb", "'{\"b\": 1.10, \"a\": [null, true, -0, 1e-30]}'", "'null'", "'\"\\\\n\\n\"'", "'1e400'",
        "repeat('{\"k\":[', 300) || '1' || repeat(']}', 300)");
    portable(all, "bit(5)", "B'00000'", "B'11010'");
    portable(all, "bit(1)", "B'1'");
    portable(all, "varbit", "B''", "B'1'", "repeat('10110', 77)::varbit");
    portable(all, "varbit(9)", "B''", "B'101010101'");
    portable(all, "inet", "'0.0.0.0/0'", "'192.168.0.1/24'", "'::ffff:1.2.3.4/128'", "'fe80::1/64'", "'255.255.255.255'");
    portable(all, "cidr", "'0.0.0.0/0'", "'10.1.2.0/24'", "'2001:db8::/32'");
    portable(all, "macaddr", "'00:00:00:00:00:00'", "'ff:ff:ff:ff:ff:fe'");
    portable(all, "macaddr8", "'08:00:2b:01:02:03:04:05'", "'ff:ff:ff:ff:ff:ff:ff:ff'");
    portable(all, "point", "'(-0,1e-300)'", "'(NaN,Infinity)'", "'(0.1,0.2)'");
    portable(all, "line", "'{1,-1,0.3}'", "'[(0.1,0),(0,0.7)]'");
    portable(all, "lseg", "'[(0.1,-0),(1e300,-Infinity)]'");
    portable(all, "box", "'(1,2),(0.1,-3)'", "'(0,0),(-0,-0)'");
    portable(all, "path", "'[(0,0),(1,1.1)]'", "'((0,0),(1,1),(2,-0.1))'");
    portable(all, "polygon", "'((0,0),(0.1,1),(2,0))'", "'((1e-200,1))'");
    portable(all, "circle", "'<(0.1,-0),0>'", "'<(1,2),Infinity>'");
    portable(all, "tsvector", "''", "'a:1A,2B,16383 b ''it''''s'':3 ''back\\\\slash'' ''sp ace'':4C'");
    text(all, "tsquery", "''", "'!a & (b:*AB | ''c d'') <3> e'", "'''it''''s'' <-> ''\\\\\\\\'''");
    portable(all, "oid", "0", "4294967295");
    portable(all, "xid", "'0'", "'4294967295'");
    portable(all, "cid", "'7'", "'4294967295'");
    portable(all, "tid", "'(0,0)'", "'(4294967295,65535)'");
    portable(all, "xid8", "'0'", "'18446744073709551615'");
    portable(all, "pg_lsn", "'0/0'", "'FFFFFFFF/FFFFFFFF'");
    portable(all, "int4range", "'empty'", "'(,)'", "'[1,10)'", "'(1,10]'", "'[-2147483648,)'");
    portable(all, "int8range", "'empty'", "'(,5]'", "'[1,2]'");
    portable(all, "numrange", "'empty'", "'[1.10,1.100]'", "'(-Infinity,NaN)'");
    portable(all, "tsrange", "'[infinity,infinity]'", "'(,2000-01-01 00:00:00.5]'");
    portable(all, "tstzrange", "'[2000-01-01 00:00+03,2000-01-01 00:00+02)'", "'(-infinity,)'");
    portable(all, "daterange", "'[2000-01-01,2000-12-31]'", "'(,infinity)'");
    portable(all, "int4multirange", "'{}'", "'{(,1),[5,6],[8,)}'");
    portable(all, "int8multirange", "'{[1,2),[4,9]}'");
    portable(all, "nummultirange", "'{}'", "'{[1.0,1.00],(2,NaN)}'");
    portable(all, "tsmultirange", "'{[2000-01-01,2000-01-02),(2001-01-01,)}'");
    portable(all, "tstzmultirange", "'{(,2000-01-01 00:00+00)}'");
    portable(all, "datemultirange", "'{[2000-01-01,2000-02-01),[2001-01-01,2001-02-01]}'");

    text(all, "interval", "'0'", "'178956970 years 7 mons 2147483647 days'", "'-178956970 years -8 mons -2147483648 days'",
        "'1 mon -1 day +00:00:01'", "'-1 years 2 mons -3 days 04:05:06.000007'", "'-00:00:00.000001'");
    if (major >= 15) {
      // What 14 itself prints it does not read.
      text(all, "interval day to second", "'2562047788:00:54.775807'", "'-2562047788:00:54.775807'");
    }
    text(all, "interval hour to minute", "'1 day 02:03:04'");
    text(all, "interval(2)", "'00:00:00.129'");
    if (major >= 17) {
      text(all, "interval day", "'infinity'", "'-infinity'");
    }
    text(all, "money", "'0'", "'-92233720368547758.08'", "'92233720368547758.07'", "0.01");
    text(all, "regclass", "'pg_catalog.pg_class'", "'things.named'", "'-'", "'4000000001'");
    text(all, "regproc", "'pg_catalog.now'", "'-'", "'4000000001'");
    text(all, "regprocedure", "'pg_catalog.abs(int8)'", "'-'");
    text(all, "regoper", "'pg_catalog.||/'", "'0'");
    text(all, "regoperator", "'pg_catalog.+(int4,int4)'", "'0'");
    text(all, "regtype", "'things.\"Mood\"'", "'timestamp with time zone'", "'int4[]'", "'-'", "'\"char\"'");
    text(all, "regrole", "'postgres'", "'-'");
    text(all, "regnamespace", "'things'", "'-'");
    text(all, "regconfig", "'pg_catalog.english'", "'-'");
    text(all, "regdictionary", "'pg_catalog.simple'", "'-'");
    text(all, "regcollation", "'pg_catalog.\"C\"'", "'-'");
    text(all, "jsonpath", "'lax $.\"a b\"[*] ? (@ > 1.10 && @ like_regex \"\\\\\\\\d\" flag \"i\")'", "'strict $'");
    text(all, "int2vector", "''", "'1 -2 3'");
    text(all, "oidvector", "''", "'0 4294967295'");
    text(all, "aclitem", "'=r/postgres'", "'postgres=arw*d/postgres'");
    text(all, "pg_snapshot", "'10:20:10,14,15'", "'1:1:'");
    text(all, "txid_snapshot", "'10:20:10,14,15'");
    text(all, "refcursor", "''", "E'a \\\\ b'");
    if (xml) {
      text(all, "xml", "''", "'just text'", "'<a/>text<b x=\"1\"> &lt;&#228; </b>'", "'<?xml version=\"1.0\"?><doc>\n\t</doc>'",
          "'<?xml version=\"1.0\" standalone=\"yes\"?><d/>'", "'<a><![CDATA[ <&\\ ]]><!-- c --></a>'", "' <a/> '");
    }
    text(all, "things.\"Mood\"", "'sad'", "'so,so'", "'it''s \"fine\"'", "E'\\\\'", "''", "'ünicode'");
    text(all, "things.positive", "1", "2147483647");
    text(all, "things.short", "''", "'12345'", "'ab  '");
    text(all, "things.padded", "''", "'a'");
    text(all, "things.list", "'{}'", "'{1,NULL}'", "'[0:1]={3,4}'", "'{{1,2},{3,4}}'");
    String part = "ROW(1, E'x,\"\\\\ y\\n', '{1.10,NULL}', 'so,so', '0044-03-15 12:00+00 BC', 'ab')";
    text(all, "things.part", part, "ROW(NULL, '', '{}', '', 'infinity', '')", "ROW(NULL,NULL,NULL,NULL,NULL,NULL)");
    text(all, "things.checked_part", part + "::things.part");
    text(all, "things.whole", "ROW(" + part + ", ARRAY[" + part + "::things.part, NULL], '\\x5c00', 1)",
        "ROW(NULL, '{}', '', NULL)");
    text(all, "things.textrange", "'empty'", "'[\"a,b\",\"c)\"]'", "things.textrange('', E'\\\\\"')");
    text(all, "things.moodrange", "things.moodrange('sad', 'so,so', '[]')");
    text(all, "things.floatrange", "'[-0,0.1)'", "'(-Infinity,NaN]'");
    text(all, "things.textmultirange", "'{}'", "'{[a,b),[c,\"d d\"]}'");
    text(all, "things.moods", "'{[sad,\"so,so\"]}'");
    text(all, "things.floatmultirange", "'{(,-0.5),[0.1,)}'");
    return all;
  }

  private static void portable(List<Samples> all, String type, String... values) {
    add(all, type, true, values);
  }

  /** Types whose values go as text. */
  static void text(List<Samples> all, String type, String... values) {
    add(all, type, false, values);
  }

  /** The type, and the arrays of it: with NULLs, empty, nested, with other lower bounds. */
  private static void add(List<Samples> all, String type, boolean portable, String... values) {
    String name = type.replaceAll("[^A-Za-z0-9]+", "_");
    List<String> cast = java.util.Arrays.stream(values).map(v -> "CAST(" + v + " AS " + type + ")").toList();
    all.add(new Samples(name, type, portable, cast));
    String elements = cast.stream().collect(Collectors.joining(", "));
    String first = cast.getFirst();
    String last = cast.getLast();
    String nested = "ARRAY[ARRAY[" + first + ", NULL], ARRAY[" + last + ", " + first + "]]";
    // ARRAY[] takes elements that are arrays for dimensions.
    boolean overArray = type.equals("things.list") || type.equals("int2vector") || type.equals("oidvector");
    String array = overArray
        ? cast.stream().map(v -> "'\"' || CAST(" + v + " AS text) || '\"'").collect(Collectors.joining(" || ',' || ", "'{' || ", " || ',NULL}'"))
        : "ARRAY[" + elements + ", NULL]";
    String t = type + "[]";
    List<String> arrays = new ArrayList<>(List.of("CAST(" + array + " AS " + t + ")", "CAST('{}' AS " + t + ")"));
    if (!overArray) {
      arrays.add("CAST(" + nested + " AS " + t + ")");
      arrays.add("CAST('[-3:-1]=' || CAST(CAST(ARRAY[" + first + ", NULL, " + last + "] AS " + t + ") AS text) AS " + t + ")");
    }
    all.add(new Samples(name + "_array", t, portable, arrays));
  }
}
