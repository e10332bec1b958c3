package io.helios.repl.status;

/**
 * How far a running verification is.
 *
 * @param tables how many there are to compare; 0 as long as nobody knows
 * @param tablesDone how many of them are compared
 * @param rows read under the present snapshots, on both sides together
 * @param bytes read likewise
 * @param bytesExpected about how many there are to read; without what is read through an index, or because it differs
 * @param snapshotMillis how old the present snapshots are
 */
public record VerificationProgress(
    int tables, int tablesDone, long rows, long bytes, long bytesExpected, long snapshotMillis) {}
