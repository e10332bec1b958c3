package io.helios.repl.tests.architecture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What holds for every source file of the product. */
class SourcesTest {

  @Test
  void everyPackageSaysWhatItIsFor() throws IOException {
    List<Path> packages = mainSources().map(Path::getParent).distinct().toList();
    assertThat(packages).isNotEmpty().allSatisfy(p -> assertThat(p.resolve("package-info.java"))
        .content(UTF_8)
        .contains("/**")
        .contains("@NullMarked"));
  }

  @Test
  void nothingIsLeftForLater() throws IOException {
    Pattern mark = Pattern.compile("\\b(TODO|FIXME|XXX|HACK)\\b");
    assertThat(mainSources()).isNotEmpty().allSatisfy(p -> assertThat(p).content(UTF_8).doesNotContainPattern(mark));
  }

  @Test
  void noPackageIsADrawerForEverything() throws IOException {
    Pattern drawer = Pattern.compile("/(util|utils|common|impl|manager|helper|helpers|misc)/");
    assertThat(mainSources()).extracting(p -> p.toString().replace('\\', '/')).noneMatch(p -> drawer.matcher(p).find());
  }

  private static Stream<Path> mainSources() throws IOException {
    List<Path> files = new java.util.ArrayList<>();
    for (String module : Repository.MODULES) {
      Path sources = Repository.ROOT.resolve(module).resolve("src/main/java");
      if (Files.isDirectory(sources)) {
        try (Stream<Path> all = Files.walk(sources)) {
          all.filter(p -> p.toString().endsWith(".java")).forEach(files::add);
        }
      }
    }
    return files.stream();
  }
}
