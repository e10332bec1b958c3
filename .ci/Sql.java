import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * For scripts where there is no psql. {@code java -cp DRIVER .ci/Sql.java jdbc:postgresql://…} runs the statements that it reads,
 * each by itself, and ends with 1 at the first that fails, with its SQLSTATE and message; with {@code ports N} it names free ports.
 */
final class Sql {

  private Sql() {}

  public static void main(String[] arguments) throws IOException, SQLException {
    if (arguments[0].equals("ports")) {
      ports(Integer.parseInt(arguments[1]));
      return;
    }
    String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    try (Connection connection = DriverManager.getConnection(arguments[0]);
        Statement statement = connection.createStatement()) {
      for (String one : text.split(";[ \t]*(--.*)?(\n|$)")) {
        if (!one.isBlank()) {
          statement.execute(one);
        }
      }
    } catch (SQLException e) {
      System.out.println(e.getSQLState() + " " + e.getMessage());
      System.exit(1);
    }
  }

  private static void ports(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    }
    for (ServerSocket socket : held) {
      System.out.println(socket.getLocalPort());
      socket.close();
    }
  }
}
