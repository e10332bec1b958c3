package io.helios.repl.failover.policy;

/** What is done about a tenant whose source is dead. */
public record Decision(Candidate tenant, Step step) {

  /** Why it is begun, or what holds it back. */
  public enum Step {
    BEGIN("its source is dead"),
    NOT_AUTOMATIC("automatic failover is off for it: helios-repl failover run"),
    NOT_READY("its replica is not complete, or does not stream"),
    UNDER_WAY("it is being moved or failed over already"),
    TARGET_NOT_ALIVE("its replica's database is not alive either"),
    FAILED_OVER_LATELY("it was failed over by itself within the hour: a human decides"),
    UNREPLICATED("more is not replicated than max-unreplicated and max-unreplicated-bytes allow, or nobody knows how much: a human decides"),
    SOURCES_PER_HOUR("tenants of sources-per-hour sources were failed over within the hour: a human decides"),
    WAITS_FOR_ITS_TURN("as many failovers run as parallel allows");

    private final String words;

    Step(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }

    /** Whether somebody has to do something for it to go on. */
    public boolean asksAHuman() {
      return switch (this) {
        case UNREPLICATED, SOURCES_PER_HOUR, FAILED_OVER_LATELY -> true;
        case BEGIN, NOT_AUTOMATIC, NOT_READY, UNDER_WAY, TARGET_NOT_ALIVE, WAITS_FOR_ITS_TURN -> false;
      };
    }
  }
}
