package io.helios.repl.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** The lines between the modules. Those inside the engine are held by its own FloorsTest. */
class ModulesTest {

  private static final String[] EXECUTABLE = {
    "..repl.cli..", "..repl.server..", "..repl.client..", "..repl.config..", "..repl.runbook..", "..repl.demo..", "..repl.pki..",
    "..repl.peer.."
  };

  private static final JavaClasses PRODUCT =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("io/helios/repl/tests/"))
          .importPackages("io.helios.repl");

  @Test
  void nothingStandsOnTheExecutable() {
    check(noClasses().that().resideOutsideOfPackages(EXECUTABLE).should().dependOnClassesThat().resideInAnyPackage(EXECUTABLE));
  }

  @Test
  void onlyTheExecutableSpeaksHttpReadsFilesOfSettingsAndKeepsAStore() {
    check(
        noClasses().that().resideOutsideOfPackages(EXECUTABLE)
            .should().dependOnClassesThat().resideInAnyPackage(
                "io.javalin..", "org.jdbi..", "picocli..", "org.sqlite..", "tools.jackson..", "ch.qos.logback.."));
  }

  @Test
  void theTuiKnowsNoHttp() {
    check(
        noClasses().that().resideInAPackage("..repl.tui..")
            .should().dependOnClassesThat().resideInAnyPackage("java.net..", "io.javalin..", "tools.jackson..", "..repl.client.."));
  }

  @Test
  void onlyTheTuiDrawsScreens() {
    check(
        noClasses().that().resideOutsideOfPackage("..repl.tui..")
            .should().dependOnClassesThat().resideInAPackage("com.googlecode.lanterna.."));
  }

  @Test
  void migrationAndFailoverSeeNoRow() {
    check(
        noClasses().that().resideInAnyPackage("..repl.migration..", "..repl.failover..")
            .should().dependOnClassesThat().resideInAnyPackage("..repl.change..", "..repl.seal..")
            .orShould().dependOnClassesThat().haveSimpleName("Tuple"));
  }

  @Test
  void migrationAndFailoverDoNotSeeEachOther() {
    check(noClasses().that().resideInAPackage("..repl.migration..").should().dependOnClassesThat().resideInAPackage("..repl.failover.."));
    check(noClasses().that().resideInAPackage("..repl.failover..").should().dependOnClassesThat().resideInAPackage("..repl.migration.."));
  }

  @Test
  void packagesHaveNoCycles() {
    check(slices().matching("io.helios.repl.(*)..").should().beFreeOfCycles());
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(PRODUCT);
  }
}
