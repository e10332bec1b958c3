import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Makes the jars that are named fit for an AOT cache; of what they do nothing changes. Signed jars, and jars without old
 * classes, are not touched.
 *
 * <ul>
 *   <li>Classes compiled for Java 5 get the form of Java 8. They carry no stack maps, so the virtual machine cannot verify
 *       them ahead of time and leaves them out of the cache; picocli, most of what a short command loads, is compiled so.
 *   <li>picocli asks at each start whether Groovy is there, and to learn that it is not, every jar of the class path is
 *       opened. An empty class of that name, found in the cache, answers at once.
 * </ul>
 *
 * <p>{@code java packaging/ReadyForAot.java JAR...}, with JDK 25 or later.
 */
final class ReadyForAot {

  /** The first version whose classes carry stack maps is 50, Java 6. */
  private static final int OLD = ClassFile.JAVA_5_VERSION;

  private ReadyForAot() {}

  public static void main(String[] jars) throws IOException {
    List<URL> all = new ArrayList<>();
    for (String jar : jars) {
      all.add(Path.of(jar).toUri().toURL());
    }
    try (URLClassLoader relatives = new URLClassLoader(all.toArray(URL[]::new))) {
      ClassFile classFile =
          ClassFile.of(
              StackMapsOption.GENERATE_STACK_MAPS,
              ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofResourceParsing(relatives)
                      .orElse(ClassHierarchyResolver.defaultResolver())
                      .cached()));
      for (String jar : jars) {
        Path file = Path.of(jar);
        byte[] bytes = Files.readAllBytes(file);
        if (isConcerned(bytes)) {
          Path next = file.resolveSibling(file.getFileName() + ".next");
          Files.write(next, renewed(classFile, bytes, file.getFileName().toString().startsWith("picocli-")));
          Files.setLastModifiedTime(next, Files.getLastModifiedTime(file));
          Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private static boolean isConcerned(byte[] jar) throws IOException {
    boolean old = false;
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(jar))) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        if (entry.getName().matches("META-INF/[^/]+\\.SF")) {
          return false;
        }
        old = old || (entry.getName().endsWith(".class") && isOld(in.readNBytes(8)));
      }
    }
    return old;
  }

  /** The major version is the fourth of the two-byte numbers that a class file begins with. */
  private static boolean isOld(byte[] beginning) {
    return beginning.length >= 8 && ((beginning[6] & 0xff) << 8 | beginning[7] & 0xff) <= OLD;
  }

  private static byte[] renewed(ClassFile classFile, byte[] jar, boolean isPicocli) throws IOException {
    ByteArrayOutputStream result = new ByteArrayOutputStream(jar.length);
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(jar));
        ZipOutputStream out = new ZipOutputStream(result)) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        byte[] content = in.readAllBytes();
        ZipEntry copy = new ZipEntry(entry.getName());
        copy.setTime(entry.getTime());
        out.putNextEntry(copy);
        out.write(entry.getName().endsWith(".class") && isOld(content) ? renewedClass(classFile, content) : content);
        out.closeEntry();
      }
      if (isPicocli) {
        out.putNextEntry(new ZipEntry("groovy/lang/Closure.class"));
        out.write(emptyClass(classFile, "groovy.lang.Closure"));
        out.closeEntry();
      }
    }
    return result.toByteArray();
  }

  private static byte[] emptyClass(ClassFile classFile, String name) {
    return classFile.build(
        ClassDesc.of(name),
        builder ->
            builder
                .withVersion(ClassFile.JAVA_8_VERSION, 0)
                .withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_ABSTRACT | ClassFile.ACC_SUPER));
  }

  private static byte[] renewedClass(ClassFile classFile, byte[] content) {
    ClassTransform version =
        (builder, element) -> {
          if (element instanceof ClassFileVersion) {
            builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
          } else {
            builder.with(element);
          }
        };
    // The bodies pass through, instead of being copied as they are, so that stack maps are made for them.
    ClassTransform bodies = ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL);
    try {
      return classFile.transformClass(classFile.parse(content), version.andThen(bodies));
    } catch (IllegalArgumentException e) {
      // It speaks of a class that is in none of the jars, an optional part of its library: it stays as it is.
      return content;
    }
  }
}
