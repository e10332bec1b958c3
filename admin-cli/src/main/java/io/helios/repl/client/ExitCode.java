package io.helios.repl.client;

/** What a command ends with. Scripts rely on these. */
public final class ExitCode {

  public static final int DONE = 0;
  public static final int FAILED = 1;
  public static final int USAGE = 2;
  public static final int DECLINED = 3;
  public static final int NOT_ALLOWED = 4;
  public static final int NOT_FOUND = 5;
  public static final int PRECONDITION = 6;
  public static final int DIFFERENCE = 7;
  public static final int TIMED_OUT = 8;
  public static final int UNREACHABLE = 9;
  public static final int INTERRUPTED = 130;

  private ExitCode() {}

  /** What a refusal with this HTTP status means to a command. */
  static int ofStatus(int status) {
    return switch (status) {
      case 400, 413, 415, 422 -> USAGE;
      case 401, 403 -> NOT_ALLOWED;
      case 404, 405 -> NOT_FOUND;
      case 409, 412 -> PRECONDITION;
      default -> FAILED;
    };
  }
}
