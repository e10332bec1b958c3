package io.helios.repl.migration.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.helios.repl.error.ErrorCode;
import io.helios.repl.error.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AliasFileTest {

  private static final HomeAddress EAST = new HomeAddress("east", "east", "h1", 1, "d1");
  private static final HomeAddress WEST = new HomeAddress("west", "west", "h2", 2, "d2");
  private static final String AT_EAST = "[databases]\nacme = host=h1 port=1 dbname=d1\n";
  private static final String AT_WEST = "[databases]\nacme = host=h2 port=2 dbname=d2\n";

  @TempDir Path directory;
  private Path path;
  private AliasFile file;

  @BeforeEach
  void write() throws IOException {
    path = Files.writeString(directory.resolve("aliases.ini"), AT_EAST);
    file = new AliasFile(path);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void whatWasPreparedTakesTheNameAndNothingIsLeft() throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
    file.prepare("acme", WEST);
    assertThat(names()).hasSize(2);
    assertThat(path).content().isEqualTo(AT_EAST);
    Object key = Files.readAttributes(path.resolveSibling(names().getFirst()), "unix:ino").get("ino");
    file.lead("acme", WEST);
    file.settle("acme");
    assertThat(path).content().isEqualTo(AT_WEST);
    assertThat(Files.readAttributes(path, "unix:ino").get("ino")).isEqualTo(key);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rw-r-----");
    assertThat(names()).containsExactly("aliases.ini");
  }

  @Test
  void whatWasPreparedForNothingIsRemovedAlsoAfterACrash() throws IOException {
    file.prepare("acme", WEST);
    new AliasFile(path).settle("acme");
    assertThat(names()).containsExactly("aliases.ini");
    assertThat(path).content().isEqualTo(AT_EAST);
  }

  @Test
  void aFileThatChangedMeanwhileIsChangedFromWhatItIsNow() throws IOException {
    file.prepare("acme", WEST);
    Files.writeString(path, AT_EAST + "; more\n");
    file.lead("acme", WEST);
    file.settle("acme");
    assertThat(path).content().isEqualTo(AT_WEST + "; more\n");
    assertThat(names()).containsExactly("aliases.ini");
  }

  @Test
  void whatWasPreparedForAnotherMoveIsNotUsed() throws IOException {
    file.prepare("acme", WEST);
    file.lead("acme", new HomeAddress("x", "x", "h3", 3, "d3"));
    assertThat(path).content().contains("host=h3 port=3 dbname=d3");
  }

  @Test
  void aLinkStaysALink() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link.ini"), path);
    AliasFile linked = new AliasFile(link);
    linked.lead("acme", WEST);
    linked.lead("acme", EAST);
    linked.lead("acme", WEST);
    assertThat(Files.isSymbolicLink(link)).isTrue();
    assertThat(path).content().isEqualTo(AT_WEST);
  }

  @Test
  void aRehearsalLeavesNoTrace() throws IOException {
    file.rehearse("acme", WEST);
    assertThat(names()).containsExactly("aliases.ini");
    assertThat(path).content().isEqualTo(AT_EAST);
  }

  @Test
  void aRehearsalBetweenTakesNothingFromTheMove() {
    file.prepare("acme", WEST);
    file.rehearse("acme", WEST);
    file.lead("acme", WEST);
    assertThat(path).content().isEqualTo(AT_WEST);
  }

  @Test
  void twoLinesForOneAliasAreRefused() throws IOException {
    Files.writeString(path, AT_EAST + "acme = host=x\n");
    assertThatThrownBy(() -> file.prepare("acme", WEST))
        .asInstanceOf(type(OperatorException.class))
        .extracting(e -> e.problem().code())
        .isEqualTo(ErrorCode.POOLER_ALIAS_MISSING);
  }
}
