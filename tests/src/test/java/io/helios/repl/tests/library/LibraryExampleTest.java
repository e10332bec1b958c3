package io.helios.repl.tests.library;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.helios.repl.demo.LocalPostgres;
import io.helios.repl.tests.fixture.Postgres;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryExampleTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "library.md");
  private static final String AROUND =
      """
      import io.helios.repl.pipeline.TenantReplication;
      import io.helios.repl.pipeline.TenantReplication.Source;
      import io.helios.repl.pipeline.TenantReplication.Target;
      import io.helios.repl.tenant.ConflictPolicy;
      import java.nio.file.Path;
      import java.time.Duration;
      import javax.crypto.SecretKey;

      public class Example implements java.util.concurrent.Callable<String> {
        private final SecretKey aes256;
        public Example(SecretKey aes256) { this.aes256 = aes256; }
        public String call() throws Exception {
      %s
          return "done";
        }
      }
      """;

  private final LocalPostgres source = Postgres.shared(17, "source");
  private final LocalPostgres target = Postgres.shared(17, "target");
  private final String sourceDatabase = Postgres.createDatabase(source);
  private final String targetDatabase = Postgres.createDatabase(target);

  @TempDir private Path directory;

  @Test
  void theExampleInTheDocumentsCopiesItsTenantAndNobodyElse() throws Exception {
    Postgres.execute(
        source, sourceDatabase,
        "CREATE TABLE customers (tenant_id int, id int, name text, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE orders (tenant_id int, id int, total numeric, PRIMARY KEY (tenant_id, id))",
        "CREATE TABLE audit (tenant_id int, id int, PRIMARY KEY (tenant_id, id))",
        "INSERT INTO customers SELECT t, i, 'customer ' || i FROM generate_series(122, 124) t, generate_series(1, 100) i",
        "INSERT INTO orders SELECT t, i, i * 1.5 FROM generate_series(122, 124) t, generate_series(1, 100) i",
        "INSERT INTO audit VALUES (123, 1)");

    assertThat(compile(example()).call()).isEqualTo("done");

    String rows = "SELECT count(*) || ' of ' || count(DISTINCT tenant_id) || ': ' || min(tenant_id) FROM ";
    assertThat(value(rows + "customers")).isEqualTo("100 of 1: 123");
    assertThat(value(rows + "orders")).isEqualTo("100 of 1: 123");
    assertThat(value("SELECT count(*) FROM pg_class WHERE relname = 'audit'")).isEqualTo("0");
  }

  /** The document's own lines, with this test's places in them. */
  private String example() throws IOException {
    Matcher block = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(DOCUMENT, UTF_8));
    assertThat(block.find()).isTrue();
    String code = block.group(1);
    code = replaced(code, "postgresql://helios@db-us/shop", uri(source, sourceDatabase));
    code = replaced(code, "postgresql://helios@db-eu/shop", uri(target, targetDatabase));
    return replaced(code, "helios-data", directory.resolve("data").toString().replace("\\", "\\\\"));
  }

  private static String replaced(String code, String what, String with) {
    assertThat(code).contains(what);
    return code.replace(what, with);
  }

  private static String uri(LocalPostgres server, String database) {
    return "postgresql://postgres@127.0.0.1:" + server.port() + "/" + database;
  }

  @SuppressWarnings("unchecked")
  private Callable<String> compile(String code) throws Exception {
    Path file = Files.writeString(directory.resolve("Example.java"), AROUND.formatted(code), UTF_8);
    JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler());
    StringWriter messages = new StringWriter();
    try (var files = compiler.getStandardFileManager(null, null, UTF_8)) {
      boolean compiled =
          compiler
              .getTask(
                  messages, files, null,
                  java.util.List.of("-proc:none", "-d", directory.toString(), "-cp", System.getProperty("java.class.path")),
                  null, files.getJavaFileObjects(file))
              .call();
      assertThat(compiled).as(messages.toString()).isTrue();
    }
    SecretKey key = new SecretKeySpec(new byte[32], "AES");
    try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()}, getClass().getClassLoader())) {
      return (Callable<String>) loader.loadClass("Example").getConstructor(SecretKey.class).newInstance(key);
    }
  }

  private String value(String sql) throws SQLException {
    try (Connection connection = target.connect(targetDatabase);
        ResultSet row = connection.createStatement().executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
