package io.helios.repl.migration.traffic;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AliasTextTest {

  private static final HomeAddress WEST = new HomeAddress("west", "west", "10.0.0.2", 5433, "shop2");

  private static String moved(String file, String alias, HomeAddress home) {
    List<AliasText> found = AliasText.find(file.getBytes(UTF_8), alias);
    assertThat(found).hasSize(1);
    return new String(found.getFirst().leadingTo(home), UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "acme = host=10.0.0.1 port=5432 dbname=shop | acme = host=10.0.0.2 port=5433 dbname=shop2",
        "acme=host=10.0.0.1 pool_size=5 port = 5432   dbname = 'shop'  user=a | acme=host=10.0.0.2 pool_size=5 port = 5433   dbname = shop2  user=a",
        "acme = host='10.0.0.1' | acme = host=10.0.0.2 port=5433 dbname=shop2",
        "acme = password='host=x' host=y | acme = password='host=x' host=10.0.0.2 port=5433 dbname=shop2",
        "acme = password='it''s host=x' host=y | acme = password='it''s host=x' host=10.0.0.2 port=5433 dbname=shop2",
        "'acme' = dbname=shop | 'acme' = dbname=shop2 host=10.0.0.2 port=5433",
      })
  void onlyWhereItLeadsChanges(String before, String after) {
    String around = "[databases]\r\n; acme = host=1\n# x\nacmee = host=1\n%s\t \nacme2 = host=2\n[pgbouncer]\nacme = 1";
    assertThat(moved(around.formatted(before), "acme", WEST)).isEqualTo(around.formatted(after));
  }

  @Test
  void anAliasThatSaysNothingIsGivenAllOfIt() {
    assertThat(moved("acme =\n", "acme", WEST)).isEqualTo("acme =host=10.0.0.2 port=5433 dbname=shop2\n");
  }

  @Test
  void whatLeadsThereAlreadyStaysAsItIsWritten() {
    String file = "shop = host='10.0.0.2'\n";
    HomeAddress there = new HomeAddress("x", "x", "10.0.0.2", 5432, "shop");
    assertThat(AliasText.find(file.getBytes(UTF_8), "shop")).singleElement().satisfies(line -> assertThat(line.leadsTo(there)).isTrue());
    assertThat(moved(file, "shop", there)).isEqualTo(file);
  }

  @Test
  void thereAndBackIsTheSameFile() {
    String file = "a = host=h1 port=1 dbname=d1\n";
    HomeAddress first = new HomeAddress("1", "1", "h1", 1, "d1");
    assertThat(moved(moved(file, "a", WEST), "a", first)).isEqualTo(file);
  }

  @Test
  void oddValuesAreQuotedAndOddBytesKept() {
    byte[] file = "é = host=1\n; \377\376\nacme = host=1 port=2 dbname=x\n".getBytes(ISO_8859_1);
    byte[] after = AliasText.find(file, "acme").getFirst().leadingTo(new HomeAddress("x", "x", "::1", 2, "it's ä"));
    assertThat(new String(after, ISO_8859_1))
        .isEqualTo("é = host=1\n; \377\376\nacme = host=::1 port=2 dbname='it''s " + new String("ä".getBytes(UTF_8), ISO_8859_1) + "'\n");
    assertThat(AliasText.find(after, "acme").getFirst().place()).isEqualTo("::1:2/it's ä");
  }

  @Test
  void anAliasIsLookedForAmongTheDatabasesOnly() {
    assertThat(AliasText.find("[users]\nacme = pool_mode=session\n".getBytes(UTF_8), "acme")).isEmpty();
    assertThat(AliasText.find("%include x\nacme = host=1".getBytes(UTF_8), "acme")).hasSize(1);
    assertThat(AliasText.find("acme = host=1\nacme = host=2\n".getBytes(UTF_8), "acme")).hasSize(2);
    assertThat(AliasText.find("".getBytes(UTF_8), "acme")).isEmpty();
  }
}
