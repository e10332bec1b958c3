package io.helios.repl.peer;

import io.helios.repl.postgres.schema.LiveTable;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** What a source's catalog says, between servers: the records as they are, in JSON. Pure. */
public final class CatalogDocument {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private record Table(@Nullable LiveTable table) {}

  private record Types(List<LiveTable.NamedType> types) {}

  private CatalogDocument() {}

  /** @param table null when it is not there */
  public static byte[] encode(@Nullable LiveTable table) {
    return JSON.writeValueAsBytes(new Table(table));
  }

  public static byte[] encode(List<LiveTable.NamedType> types) {
    return JSON.writeValueAsBytes(new Types(types));
  }

  static @Nullable LiveTable decodeTable(byte[] body) {
    try {
      return JSON.readValue(body, Table.class).table();
    } catch (JacksonException e) {
      throw FrameWire.malformed("it is no table");
    }
  }

  static List<LiveTable.NamedType> decodeTypes(byte[] body) {
    try {
      return JSON.readValue(body, Types.class).types();
    } catch (JacksonException e) {
      throw FrameWire.malformed("it is no list of types");
    }
  }
}
