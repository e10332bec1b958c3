/**
 * A deterministic simulation of the whole engine behind its seams: one thread, a clock of its own, and a seed, of which
 * everything else follows. A history that fails says its seed, and runs again exactly as it was.
 *
 * <p><b>Real</b> are capture ({@code WalCapture}, the decoder, the router), sealing and opening, the journal with its recovery,
 * quotas and trimming, the judging of gaps ({@code SourceGaps}), the schedule and the appliers, the applied marks and what a
 * slot may be told. <b>Simulated</b> are the source (tables, WAL, one slot; genuine pgoutput), the stream, the disk below {@code
 * SegmentFiles}, the line between journal and applier, and the target. <b>Modelled</b>, since they are made of threads and JDBC,
 * are {@code SourceEngine}, {@code Supervisor}, {@code TenantPipeline} and {@code TenantStarter}: {@link
 * io.helios.repl.tests.simulation.SimulatedServer} and {@link io.helios.repl.tests.simulation.TenantDriver} take the same steps
 * in the same order, the copy of a table as one of them. Not here: the SQL of the real target, the wire, schema changes.
 *
 * <p>Whoever calls a seam passes {@link io.helios.repl.tests.simulation.Seams}: there the process may die in the middle of the
 * call, or somebody else goes on meanwhile, three deep at the most. So interleavings are those of a stack: what was begun later
 * ends earlier.
 *
 * <p>Held after each commit at the target: its tenants' rows are the source's at their positions, each change once; positions
 * never go back; an applier of another time changes nothing out of turn. After each recovery: what was shown or released is
 * there. At each release: it is durable, and within the budget written down at every target. Under one key no nonce comes
 * twice. In the end, with all faults over: everything is equal and the slot is released, or the tenant needs a resync for a
 * reason that the history holds; and a resync mends that.
 *
 * <p><b>Two regions</b> ({@link io.helios.repl.tests.simulation.MoveWorld}): a tenant goes to and fro between two homes, each
 * source and target at once. Real besides: the migration's driver with its cutover, and the wire's form of frames. Simulated:
 * the rows of schema helios with their statements, users with their guard, the wire. Modelled: what {@code Handover}, {@code
 * Fleet} at its start, {@code Guests} and {@code HttpFrameSource} do. Held after each change of a database: never are both homes
 * writable, and the one that is has exactly what its users were told; a follower is at a moment of its home. In the end: one
 * home, which the store knows, and a follower that has everything.
 *
 * <p>A simulation that finds nothing may be blind. Each of these, done to the product, is found within
 * seconds:
 *
 * <ul>
 *   <li>the slot is released before the sync, or without waiting for marks
 *   <li>a mark in the middle of a transaction; frames shown before they are forced; a full segment not forced
 *   <li>frames trimmed beyond what is applied; segments freed before the drop that frees them is durable
 *   <li>what was begun not taken back when the stream breaks; what the journal holds captured again
 *   <li>the salt of a segment that is none, so that a nonce comes twice
 *   <li>an advance without the position it comes from; a transaction at the position applied again
 *   <li>a transaction at a copy's consistent point taken for copied; a copy's point forgotten too early
 *   <li>a large transaction's next part begun anew; a moved row left with its old tenant
 *   <li>a new journal taken for no gap; a mark that takes what still waits for applied
 * </ul>
 */
package io.helios.repl.tests.simulation;
