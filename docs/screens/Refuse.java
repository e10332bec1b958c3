import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;

/**
 * Makes a target refuse what one tenant writes from now on, as somebody does who adds a constraint at the wrong side.
 *
 * <p>{@code java -cp postgresql.jar docs/screens/Refuse.java HOST:PORT/DATABASE TENANT}
 */
final class Refuse {

  private Refuse() {}

  public static void main(String[] arguments) throws Exception {
    try (Connection target = DriverManager.getConnection("jdbc:postgresql://" + arguments[0] + "?user=postgres");
        Statement statement = target.createStatement()) {
      statement.execute("SET lock_timeout = '30s'");
      statement.execute(
          "ALTER TABLE orders ADD CONSTRAINT only_small_orders CHECK (tenant_id <> '" + arguments[1] + "' OR total < 1) NOT VALID");
    }
  }
}
