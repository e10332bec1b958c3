package io.helios.repl.apply;

import io.helios.repl.postgres.ConnectionSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Opens sessions on a target. */
final class TargetConnections {

  private TargetConnections() {}

  static Connection open(ConnectionSettings settings) {
    Properties properties = new Properties();
    properties.setProperty("user", settings.user());
    if (settings.password() != null) {
      properties.setProperty("password", settings.password());
    }
    properties.setProperty("ApplicationName", "helios-repl/apply");
    properties.setProperty("options", "-c search_path=");
    try {
      return DriverManager.getConnection("jdbc:postgresql://" + settings.place(), properties);
    } catch (SQLException e) {
      throw TargetErrors.classify(e, settings.place());
    }
  }
}
