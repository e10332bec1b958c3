package io.helios.repl.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The engine's floors: each package stands only on those below it, and what must not meet does not. */
class FloorsTest {

  private static final String ROOT = "io.helios.repl.";

  /** From the ground up. Packages of one floor may see each other in one direction, but for the two wings. */
  private static final List<Set<String>> FLOORS =
      List.of(
          Set.of("error"),
          Set.of("postgres", "tenant"),
          Set.of("change"),
          Set.of("relay", "status"),
          Set.of("seal"),
          Set.of("capture", "apply"),
          Set.of("verify"),
          Set.of("pipeline"));

  private static final JavaClasses ENGINE =
      new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("io.helios.repl");

  @Test
  void everyPackageStandsOnAFloor() {
    Set<String> known = FLOORS.stream().flatMap(Set::stream).collect(java.util.stream.Collectors.toSet());
    assertThat(ENGINE).extracting(FloorsTest::packageOf).isSubsetOf(known);
  }

  @Test
  void dependenciesPointDownwards() {
    check(classes().should(new ArchCondition<>("depend on their own floor or on lower ones only") {
      @Override
      public void check(JavaClass from, ConditionEvents events) {
        from.getDirectDependenciesFromSelf().stream()
            .filter(d -> d.getTargetClass().getPackageName().startsWith(ROOT))
            .filter(d -> floorOf(d.getTargetClass()) > floorOf(from))
            .forEach(d -> events.add(SimpleConditionEvent.violated(d, d.getDescription())));
      }
    }));
  }

  @Test
  void packagesHaveNoCycles() {
    check(slices().matching(ROOT + "(*)..").should().beFreeOfCycles());
  }

  @Test
  void captureAndApplyNeverSeeEachOther() {
    check(noClasses().that().resideInAPackage("..capture..").should().dependOnClassesThat().resideInAPackage("..apply.."));
    check(noClasses().that().resideInAPackage("..apply..").should().dependOnClassesThat().resideInAPackage("..capture.."));
  }

  @Test
  void theJournalKnowsNeitherPostgresqlNorJdbcNorKeys() {
    check(
        noClasses().that().resideInAPackage("..relay..")
            .should().dependOnClassesThat().resideInAnyPackage(
                "org.postgresql..", "java.sql..", "javax.sql..", "javax.crypto..", ROOT + "postgres..", ROOT + "seal.."));
  }

  @Test
  void theDecoderDoesNoInputOrOutput() {
    check(
        noClasses().that().haveNameMatching(".*\\.PgOutputDecoder(\\$.*)?")
            .should().dependOnClassesThat().resideInAnyPackage(
                "java.io..", "java.net..", "java.nio.file..", "java.nio.channels..", "java.sql..", "org.postgresql.."));
  }

  @Test
  void sealsStatusesAndTenantsKnowNoDatabase() {
    check(
        noClasses().that().resideInAnyPackage("..change..", "..seal..", "..status..", "..tenant..", "..error..")
            .should().dependOnClassesThat().resideInAnyPackage("java.sql..", "javax.sql..", "org.postgresql.."));
  }

  @Test
  void theEngineIsALibrary() {
    check(
        noClasses().should().dependOnClassesThat().resideInAnyPackage(
            "io.javalin..", "org.jdbi..", "picocli..", "ch.qos.logback..", "com.googlecode.lanterna..", "tools.jackson..",
            "com.zaxxer..", "org.bouncycastle..", "org.sqlite.."));
    check(noClasses().should().callMethod(System.class, "exit", int.class));
    check(noClasses().should().accessField(System.class, "out").orShould().accessField(System.class, "err"));
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(ENGINE);
  }

  private static int floorOf(JavaClass type) {
    for (int floor = 0; floor < FLOORS.size(); floor++) {
      if (FLOORS.get(floor).contains(packageOf(type))) {
        return floor;
      }
    }
    return -1;
  }

  private static String packageOf(JavaClass type) {
    String rest = type.getPackageName().substring(ROOT.length());
    int dot = rest.indexOf('.');
    return dot < 0 ? rest : rest.substring(0, dot);
  }
}
