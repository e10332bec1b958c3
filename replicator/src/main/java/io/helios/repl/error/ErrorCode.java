package io.helios.repl.error;

import java.util.Arrays;
import java.util.Optional;

/**
 * The catalogue of everything that can be wrong. Numbers are stable for ever: 1xxx configuration and usage, 2xxx source,
 * 3xxx target and applying, 4xxx journal, sealing and keys, 5xxx tenants, 6xxx verification, 7xxx migration, 8xxx
 * failover, 9xxx the server itself.
 */
public enum ErrorCode {
  // 1xxx configuration and usage
  USAGE(1001, "The command line is not right", "An option, an argument or a name is missing, unknown or malformed. Every command has --help with an example."),
  CONFIGURATION_FILE(1101, "The configuration file cannot be read", "The file is missing, unreadable, or not YAML."),
  CONFIGURATION_UNKNOWN_KEY(1102, "An unknown key in the configuration", "A key that is not understood would be ignored in silence, so it is refused."),
  CONFIGURATION_VALUE(1103, "A value in the configuration is not right", "The value does not have the form or the range that its key asks for."),
  CONFIGURATION_MISSING(1104, "Something is missing in the configuration", "A required key has no value in the flags, the environment or the file."),
  CONFIGURATION_UNSUPPORTED(1105, "A key of the configuration is not in this release", "The key is known, but what it asks for is not part of this release. It is refused rather than ignored."),
  DECLINED(1201, "Declined at a confirmation", "The question was not answered with yes, or the name was not said again."),
  WAIT_TIMED_OUT(1202, "A wait timed out", "What was waited for had not come about in time. The work goes on; waiting again attaches to it."),
  SERVER_UNREACHABLE(1203, "The server cannot be reached", "Nothing answers at the server's address, or what answers is no helios-repl server."),
  TOKEN_MISSING(1204, "No token for the server was found", "Commands authenticate with a bearer token: HELIOS_TOKEN, HELIOS_TOKEN_FILE, or the file that a server on this machine leaves for its user."),
  NO_SUCH_TENANT(1301, "No such tenant", "No tenant of that name is declared."),
  NO_SUCH_SOURCE(1302, "No such source", "No source of that name is configured."),
  NO_SUCH_TARGET(1303, "No such target", "No target of that name is configured."),
  TENANT_EXISTS(1304, "The tenant exists already", "Tenant names are unique, and a key is replicated once from a source to a target."),
  TENANT_DECLARATION(1305, "The tenant's declaration is not right", "A name, key, table glob, tier or lag target does not have the form that it needs."),
  TENANT_STATE(1306, "The tenant's state does not allow it", "What was asked for is not possible in the state that the tenant is in."),
  CHECK_FAILED(1307, "A check found what keeps tenants from starting", "The findings say what, and the SQL that mends it."),
  DEMO_FAILED(1901,
      "The demonstration could not be carried out",
      "It starts two PostgreSQL servers of its own on free loopback ports and needs some 2 GB of room in the folder for temporary files, and a user namespace (unshare) when it runs as root."),
  // 2xxx source
  UNREACHABLE(2001, "A database cannot be reached", "The host, the port or the network does not answer, or the server is starting or stopping. It is tried again with growing pauses; check host and port, the firewall, and listen_addresses."),
  AUTHENTICATION_FAILED(2002, "A database refuses the login", "User or password is wrong, or pg_hba.conf has no line for this user, database and address. A replication connection to a database is matched by the database's own lines."),
  DATABASE_MISSING(2003, "There is no such database", "The server answers, but it has no database of this name, or the role may not connect to it."),
  CONNECTION_INVALID(2004, "Connection settings are not usable", "The URI, the fields or the password file cannot be read as they are written. The message names the part concerned, never its secret."),
  CONNECTIONS_USED_UP(2005, "The server has no connection left", "max_connections, or the limit of the role or database, is reached. It is tried again; raise the limit if this lasts."),
  CONNECTION_NOT_TRUSTED(2006, "The TLS connection cannot be trusted", "The server's certificate does not fit sslmode and sslrootcert, or the server has no TLS although sslmode asks for it."),
  SOURCE_QUERY_FAILED(2007, "A query of the source failed", "The server refused a query that the replicator needs. The SQLSTATE says why."),
  NO_REPLICATION_RIGHT(2101, "The role may not replicate", "Reading the WAL takes the REPLICATION attribute: ALTER ROLE … REPLICATION. On managed services there is often a role to be granted instead, for example rds_replication."),
  SLOT_MISSING(2102, "The replication slot does not exist", "It was dropped, or the server was restored or failed over to a standby that does not have it. What was committed meanwhile may be lost to the stream: tenants need a resync."),
  WAL_LEVEL_NOT_LOGICAL(2103, "wal_level is not logical", "Row changes cannot be decoded from the source's WAL. Set wal_level = logical and restart the server."),
  SLOT_IN_USE(2104, "Somebody else is reading the replication slot", "A slot has one reader at a time: another server of yours, or an earlier connection that the source has not given up yet (see wal_sender_timeout). It is tried again."),
  SLOTS_USED_UP(2105, "The source has no replication slot left", "max_replication_slots is reached. Drop slots that nobody needs, or raise it and restart the server."),
  WALSENDERS_USED_UP(2106, "The source has no walsender left", "max_wal_senders is reached. It is tried again; raise it and restart the server if this lasts."),
  PUBLICATION_MISSING(2107, "The publication does not exist", "It must have existed already where the slot stands in the WAL: a publication made later does not help the changes before it."),
  SLOT_LOST(2108, "The replication slot has lost its WAL", "The source removed WAL that the slot still needed (max_slot_wal_keep_size, idle_replication_slot_timeout), or invalidated the slot. The stream has a gap: tenants need a resync."),
  SOURCE_CHANGED(2109, "The source is not the one that was captured before", "Its system identifier, its timeline or its position does not follow what the journal holds. Nothing is resumed over such a gap: tenants need a resync."),
  STREAM_BROKEN(2110, "The replication stream broke off", "The connection was lost or the walsender ended. It is opened again and goes on where it was."),
  SLOT_UNFIT(2111, "The replication slot is not one of ours", "A slot of this name exists, but for another database or another output plugin, or it is temporary. Drop it or configure another name."),
  TABLE_WITHOUT_TENANT(2120, "A table has no tenant column", "The source's tenancy is by column, and this published table does not have it. Exclude the table, declare it a reference table, or add the column."),
  TENANT_KEY_TYPE(2121, "The tenant column cannot be compared", "Its type is not one whose values have one single byte form, or the tenant's key is not a value of that type."),
  IDENTITY_WITHOUT_TENANT(2122, "A change does not say whose it is", "The table's replica identity does not carry the tenant column, so an update or delete cannot be routed. ALTER TABLE … REPLICA IDENTITY FULL, or USING INDEX with one that includes the tenant column."),
  MOVE_INCOMPLETE(2123, "A row came to a tenant without all of its values", "Its tenant column was changed, and large values that did not change were not sent. With REPLICA IDENTITY FULL they would be. The tenant needs a resync."),
  ROW_TOO_LARGE(2130, "A row is too large for the server's memory", "A row is never cut, so it is held in memory whole, several times on its way; one may be an eighth of the Java heap. A tenant with a larger one stops, by name; where not even the WAL's message can be received, all of its source's do, and it is tried again. Start the server with more heap (JAVA_OPTS=-Xmx…)."),
  WAL_MESSAGE_MALFORMED(2190, "A message of the WAL stream cannot be decoded", "What arrived is no pgoutput message of protocol version 1. Capture stops rather than guess."),
  CHANGES_MALFORMED(2191, "A frame's changes cannot be decoded", "The frame is authentic but its content breaks the format. Applying stops rather than guess."),
  SOURCE_VERSION(2201, "The source's PostgreSQL version is not supported", "Versions 14 to 18 are. Upgrade the source, or use a release of helios-repl that knows its version."),
  SOURCE_STANDBY(2202, "The source is a standby", "Publications and slots are made on a primary. Point the source at the primary."),
  TABLE_NOT_READABLE(2203, "The role may not read a table", "The initial copy and verification read the table with SELECT. The hint grants it."),
  PUBLICATION_NOT_PERMITTED(2204, "The role may not make the publication", "A publication is made by who owns the tables and has CREATE on the database. Have the SQL of the hint run by the owner or a superuser; our role needs no more rights then."),
  PUBLICATION_UNFIT(2205, "The publication does not publish everything", "Operations, rows or columns are filtered, partitions go by their own names, or generated columns are published. What it leaves out would be missing at the target. The hint alters it; use a publication of your own name if others need it as it is."),
  SOURCE_NOT_PREPARED(2206, "The source is not prepared yet", "The publication or the slot is to be made. helios-repl source prepare does it, and so does the first start of a tenant."),
  NO_REPLICA_IDENTITY(2207, "A table has no replica identity", "Without one PostgreSQL refuses updates and deletes of a published table. The hint gives it one."),
  PARTITION_IDENTITY(2208, "Partitions differ from their root in replica identity", "What an update or delete logs is decided by the partition that holds the row. ALTER TABLE on the root does not reach partitions, and new ones do not inherit it."),
  TENANT_COLUMN_NULLABLE(2209, "The tenant column may be null", "Rows without a tenant belong to nobody and are not replicated."),
  TENANT_COLUMN_GENERATED(2210, "The tenant column is generated", "Generated columns are not in the WAL stream, so changes do not say whose they are. Make it a plain column."),
  TABLE_WITHOUT_KEY(2211, "A table has no key", "Its whole row is its identity: updates and deletes compare every column, and log every old row. A primary key makes them cheap."),
  TABLE_UNLOGGED(2212, "A table is unlogged", "Its changes are not in the WAL at all, so it cannot be replicated, and cannot be published. Make it logged, or exclude it."),
  LARGE_OBJECTS(2213, "There are large objects", "Large objects (lo_*, pg_largeobject) are not in the WAL stream. Columns that hold their OIDs are carried, the objects are not."),
  FOREIGN_TABLE(2214, "A foreign table is not replicated", "Its rows are in another server. The globs take it, but it stays out."),
  ROWS_HIDDEN(2215, "Row-level security hides rows from the role", "A copy under it would lack rows, so it is refused by PostgreSQL (row_security = off). The role needs BYPASSRLS."),
  GLOB_WITHOUT_TABLE(2216, "A glob takes no table", "Nothing at the source matches it. It may be misspelt; a glob without a dot means schema public."),
  TABLES_NOT_TAKEN(2217, "Tables take no part", "No glob takes them, or they are in no tenant's schema. They are not replicated."),
  TENANT_COLUMN_NOT_INDEXED(2218, "The tenant column has no index", "Copying and verifying one tenant reads the whole table without one."),
  WAL_KEEP_LIMITED(2219, "The WAL that a slot may hold back", "max_slot_wal_keep_size decides between two evils: with a limit a slot that lags further is lost and tenants need a resync; without one the WAL may fill the disk. relay.wal-budget is how far we lag at most while we run."),
  WAL_SENDER_TIMEOUT(2220, "wal_sender_timeout is unusual", "Too short, and a pause of this machine breaks the stream; 0, and a dead connection holds the slot for hours."),
  SLOT_IDLE_TIMEOUT(2221, "Slots that idle are dropped from service", "idle_replication_slot_timeout invalidates our slot when this program is down for that long: tenants need a resync then."),
  SOURCE_IDENTITY(2222, "Which source it is", "The system identifier is kept with everything captured, so that another server is never taken for this one."),
  SOURCE_NOT_PREPARABLE(2223, "The source could not be prepared", "A statement was refused, most often for want of rights. Have the SQL of the hint run by the owner of the tables or a superuser, then prepare again."),
  SOURCE_ENCODING(2233, "The source's database has no encoding", "SQL_ASCII takes any bytes; the stream is in UTF-8, and the server ends it where bytes are none. A database with a real encoding cannot hold such values."),
  SEQUENCE_NOT_READABLE(2231, "The role may not read a sequence", "Sequences are not in the WAL stream: their values are read now and then, so that a cutover or failover can set them at the target. The hint grants it."),
  MATERIALIZED_VIEW(2232, "A materialized view is not replicated", "Its rows are made by a query, at each database for itself. The globs take it, but it stays out."),
  // 3xxx target and applying
  TARGET_BUSY(3101, "The target is out of reach or busy", "The connection was lost, a lock was not had in time, or the server is starting or full. It is retried with growing pauses; nothing is lost meanwhile, the journal keeps the changes."),
  APPLIER_FENCED(3102, "The applier's epoch is over", "The target records another epoch for this tenant: a cutover or failover happened, and this side may write nothing any more. Look at the tenant's status on the server that holds the new epoch."),
  REPLICA_UNKNOWN(3103, "The target has no record of the tenant", "The tenant's row in helios.replica is missing: the target was never prepared for it, was restored from an older backup, or the row was removed by hand. Without it nothing can be applied exactly once; resync the tenant."),
  FRAME_FOREIGN(3104, "A frame comes from another source or epoch", "Frames carry the system identifier of the source they were captured from, and the epoch. This one differs from what the target knows, so applying it could mix two histories."),
  TARGET_TABLE_MISSING(3105, "The target lacks a table", "A change arrived for a table that the target does not have. Create it there with the source's definition, then start the tenant again: it goes on from its position."),
  TARGET_COLUMN_MISSING(3106, "The target's table lacks a column", "A change carries a column that the target's table does not have. Add it there with the source's type, then start the tenant again: it goes on from its position."),
  ROW_REJECTED(3107, "The target rejected a row", "The target's constraints, types or rights do not let this change in. Nothing of its transaction is applied. Mend the target's table, then start the tenant again: it goes on from its position."),
  CONFLICT_STOPPED(3108, "A conflict, and the tenant's policy is to stop", "The target's row is not what the change expects, so somebody else wrote it. Compare both sides with helios-repl verify run, then repair, or let the source win."),
  ROW_INCOMPLETE(3109, "A row is missing at the target and the change does not carry all of it", "PostgreSQL does not send large values that an update left unchanged, so the row cannot be made from this change alone. Bring it back with helios-repl verify repair, or resync the tenant."),
  KEY_TAKEN(3110, "A key is taken by another tenant's row", "The shared table at the target already holds this key or unique value in a row of another tenant, which is never touched. Make the keys of the shards disjoint, or give the tenant a target of its own."),
  FRAME_SEQUENCE(3111, "Frames are out of order", "A tenant's frames are numbered without holes, and one is missing, repeated or misplaced. The journal or its transport is damaged; resync the tenant."),
  VALUE_UNREADABLE(3112, "A value came in a form that the target cannot read", "A binary value of a type that is not built in. Such types are carried as text, and the stream changes to text by itself when one joins; what an older release captured in binary needs a resync."),
  TARGET_NOT_PREPARED(3113, "The target could not be prepared", "The role's rights do not suffice to create schema helios or a guard. Run the SQL that is shown as a role that may."),
  TARGET_SCHEMA_NEWER(3114, "The target was prepared by a newer helios-repl", "Schema helios there has a version that this program does not know. Use the newer program."),
  TARGET_CONNECTION_LOST(3120, "The connection to the target was lost", "The server ended the session, restarted, or nothing came through the network any more. What was not confirmed is looked up and applied once; nothing need be done."),
  TARGET_LOCKED(3121, "A lock at the target is not to be had", "Somebody holds a lock on a table or a row that the tenant's changes need: LOCK TABLE, ALTER TABLE, an index that is built, a transaction that was left open. It is tried again until the lock is free; the other tenants go on."),
  TARGET_CONTENTION(3122, "Another transaction got in the way at the target", "PostgreSQL chose our transaction to end a deadlock or a conflict between transactions, and took it back whole. It is tried again."),
  TARGET_CANCELLED(3123, "A statement was cancelled at the target", "helios-repl sets no statement_timeout for itself, so somebody or something cancelled it by pg_cancel_backend. It is tried again."),
  TARGET_FULL(3124, "The target has run out of something", "Its disk is full, or its memory or another limit of the server is used up. It is tried again with growing pauses and goes on by itself once there is room; the journal keeps the changes meanwhile, within the tenant's quota."),
  TEXT_NOT_UTF8(3181, "A text value is not valid UTF-8", "Text travels as UTF-8 and is never changed on the way, so the tenant stops. A \"char\" of PostgreSQL 15 or earlier may hold a byte beyond ASCII and sends it as it is."),
  PARTITION_EMPTIED_ALONE(3191, "TRUNCATE of a single partition is not in the stream", "Partitioned tables are published by their root, so that source and target may be partitioned differently. PostgreSQL then leaves out a TRUNCATE, DETACH or DROP of one partition (CREATE PUBLICATION, publish_via_partition_root): its rows stay at the target. DELETE them instead, or resync the tenants afterwards."),
  TARGET_VERSION(3201, "The target's PostgreSQL version is not supported", "Versions 14 to 18 are. Upgrade the target, or use a release of helios-repl that knows its version."),
  TARGET_READ_ONLY(3202, "The target takes no writes", "It is a standby, or its database or role is set to read-only transactions. A target that becomes a standby while tenants stream is waited for: they go on when it is promoted, or its url points to the primary."),
  TARGET_SCHEMA_NOT_PERMITTED(3203, "The role may not make schema helios", "Positions, copy progress, conflicts and the guard are kept in a schema of their own at the target. It is best owned by the role: the hint makes it so."),
  REPLICA_ROLE_NOT_PERMITTED(3204, "The role may not set session_replication_role", "While applying, triggers and foreign keys of the target must stay quiet: they fired at the source already. PostgreSQL 15 and later can grant that; 14 takes a superuser."),
  TABLE_NOT_WRITABLE(3205, "The role may not write a table", "Applying takes SELECT, INSERT, UPDATE and DELETE, and the read-only guard is a trigger. Ownership is not needed. The hint grants it."),
  TABLE_NOT_THERE(3206, "The target lacks tables", "They are created from the source's catalog when the target is prepared, where the role has CREATE; else have the SQL of the hint run by a role that has."),
  TABLE_UNFIT(3207, "A table of the target does not fit", "What the source holds could not be written into it, or would not be the same there. Every mismatch is listed; nothing starts before all are mended."),
  FIRES_WHILE_APPLYING(3208, "A trigger or rule fires while changes are applied", "ENABLE ALWAYS and ENABLE REPLICA make it run as the applier on every replicated row, on top of what the source's own triggers did. The hint makes it fire for ordinary sessions only."),
  CODE_WHILE_APPLYING(3209, "A function runs while changes are applied", "Defaults of columns that the source lacks, generated columns, checks and index expressions call it as the applier, with the applier's rights. Make sure that only its owner can replace it."),
  TARGET_ROWS_HIDDEN(3210, "Row-level security at the target applies to the role", "Updates and deletes would miss rows that it hides. The role needs BYPASSRLS."),
  TARGET_IS_SOURCE(3211, "Source and target are the same database", "Their system identifiers and databases are equal: changes would be applied to where they come from."),
  ENCODING_DIFFERS(3212, "Source and target have different encodings", "Characters that the target's encoding lacks are refused when they come. UTF8 takes everything."),
  TARGET_UNLOGGED(3213, "A table of the target is unlogged", "A crash empties it, while the recorded position says that its rows are there."),
  DEFINITION_LEFT_OUT(3214, "Something of the source's definitions is not carried", "Foreign keys, triggers, rules, policies, and what calls functions that the target may not have, are left to their owner. A replica needs none of it; a promotion may."),
  TABLE_IS_SOMETHING_ELSE(3215, "A name that a table needs is taken", "The target has a view, a partition or a foreign table of that name."),
  TARGET_IDENTITY(3216, "Which target it is", "Version and system identifier, to know."),
  TARGET_NOT_PREPARABLE(3217, "The target could not be prepared", "A statement was refused, most often for want of rights. Have the SQL of the hint run by the owner of the schemas or a superuser, then prepare again."),
  TARGET_SCHEMA_FOREIGN(3218, "Schema helios at the target is somebody else's", "It, or something in it, belongs to a role that is neither ours, nor a superuser, nor the database's owner. What it holds would run with our role's rights, so it is not used."),
  COPY_SOURCE_FAILED(3250, "The copy cannot read the source", "Taking a snapshot of the source, or reading a table under it, failed. The message has the server's own word for it."),
  COPY_TARGET_FAILED(3251, "The copy cannot write the target", "Preparing the copy at the target, or writing a table, failed. The message has the server's own word for it."),
  TABLE_CHANGED_UNDER_SNAPSHOT(3252, "A table changed while a snapshot was taken", "A TRUNCATE or ALTER TABLE came between the snapshot and the lock that protects it. It is tried again by itself."),
  KEY_NOT_CANONICAL(3253, "The tenant's key is not written as PostgreSQL writes it", "The tenant column's type prints the key in another form (007 for 7, upper case in a UUID) or knows no such value. Its changes would not be recognized in the WAL. Create the tenant with the key as the column prints it."),
  COPY_TARGET_NOT_EMPTY(3254, "The target already holds rows of the tenant", "Rows that helios-repl did not bring are neither deleted nor overwritten. Delete them, or choose another target."),
  COPY_KEY_TAKEN(3255, "Another tenant's rows hold keys of this tenant", "On a shared target a key or unique value of this tenant is taken by a row of another tenant. Another tenant's row is never touched."),
  COPY_ROWS_MISSING(3256, "The target did not take all rows", "A trigger that is enabled ALWAYS, or for replicas, drops or redirects rows at the target. Disable it for the copy."),
  COPY_TAKEN_OVER(3257, "Another copy has taken over", "Two copies of the same tenant run at once; the later one goes on."),
  COPY_TABLE_MISSING(3258, "The target lacks a table or a tenant column", "Rows are copied into tables that are there and fit. target prepare creates them from the source's catalog."),
  COLUMN_RENAMED(3301, "A column was renamed at the source", "Its rows have not changed, so only its name has to: the hint renames it at the target. It is never done by itself, since other programs may use the name."),
  COLUMN_RECREATED(3302, "A column was dropped and made again at the source", "What rows held in it is gone there, without a change in the stream. Make the column again at the target as the hint says, or resync the tenant."),
  COLUMN_TYPE_CHANGED(3303, "A column has another type at the source", "The change is not a mere widening, so it may have rewritten values without a change in the stream. Alter the column at the target in the same way, or resync the tenant."),
  COLUMN_NOT_ADDABLE(3304, "A new column cannot be added by itself", "What rows that were there before hold in it is not known, for instance because its default is volatile or it is an identity. Add it at the target; where those rows are not empty there, resync the tenant."),
  COLUMN_DROPPED(3305, "The target insists on a column that the source has dropped", "It is NOT NULL without a default at the target, so no new row can go in. Make it nullable, or drop it there too."),
  TABLE_RENAMED(3306, "A table was renamed at the source", "Rename it at the target as well: its rows, its guard and its place in the copy's records then go along with it."),
  TABLE_RECREATED(3307, "A table was dropped and made again at the source", "What its rows were is gone there, without a change in the stream. Resync the tenant."),
  ENUM_CHANGED(3308, "An enum's values were changed at the source", "Values that were only added are added at the target; this looks like a value that was renamed. Rename it at the target."),
  SCHEMA_CHANGE_REFUSED(3309, "A change of the source's schema is not carried out here", "Policy ddl: stop, the default for tables that helios-repl did not create, or the role does not own the table. Run the SQL of the hint as who may, then start the tenant again: it goes on with everything that was written meanwhile."),
  SCHEMA_MOVED_ON(3310, "The source's schema has changed again meanwhile", "The change that the stream has come to is no longer to be seen in the source's catalog, and what it was is not guessed."),
  SCHEMA_CHANGE_WAITS(3311, "A change of the target's schema waits for a lock", "Long transactions at the target use the table. It is tried again with growing pauses, so that others are not queued behind it."),
  TABLES_NOT_PUBLISHED(3312, "Tables of the source are not published", "They match the configured tables, and what is written to them reaches no target. Publish them, then stop and start the tenants: that copies the new tables and streams them."),
  // 4xxx journal, sealing and keys
  FRAME_MALFORMED(4001, "A frame's header is malformed", "The bytes of a frame's header break their own rules or are of a format that this version does not know. Nothing of the frame is used. A peer of another version, or damage on the way, are the usual causes; `tenant resync` compares and repairs."),
  JOURNAL_CORRUPT(4002, "The relay journal is damaged", "A segment of the relay journal holds something that was not written there, before its last durable mark. The disk or something that writes to the data directory is the usual cause. Nothing after the damage is used. Set the journal's directory aside and resync its tenants."),
  JOURNAL_WRITE_FAILED(4003, "The relay journal cannot be written", "The disk refused a write: usually it is full. What was being written has been taken back, the source keeps its WAL meanwhile, and capture goes on by itself once there is room."),
  JOURNAL_READ_FAILED(4004, "The relay journal cannot be read", "The disk refused a read of the relay journal. It is tried again."),
  JOURNAL_SYNC_FAILED(4005, "The relay journal could not be made durable", "The disk did not confirm what was written since the last durable mark, so all of it is given up and captured again from the source."),
  JOURNAL_GAP(4006, "The relay journal no longer holds what the target lacks", "Changes after the target's position have been trimmed, or the journal is not the one that the target followed. Going on would lose changes: `tenant resync` compares and repairs."),
  JOURNAL_OVERFLOW(4007, "A tenant has outgrown its share of the relay journal", "The tenant's target did not take its changes for so long that they exceeded `relay.max-bytes-per-tenant`, or that the journal exceeded `relay.max-bytes`. What was held for it has been dropped so that others go on. Mend the target, then `tenant resync`."),
  JOURNAL_IN_USE(4008, "The relay journal is in use", "Another process, or another part of this one, has opened this journal's directory. One server owns a data directory."),
  JOURNAL_VERSION(4009, "The relay journal is of another version", "The journal was written by a version of helios-repl whose format this one does not know. Run that version, or let it drain the journal first."),
  FRAME_KEY_UNKNOWN(4101, "A frame's key is not in the keyring", "The frame was sealed with a key that has been shredded, or that this server never had. Without it nobody can read the frame."),
  FRAME_NOT_AUTHENTIC(4102, "A frame failed authentication", "The frame is not what was sealed: it was altered, or it stands where another belongs. Nothing of it is used. `tenant resync` compares and repairs."),
  FRAME_NOT_DECOMPRESSED(4103, "A frame cannot be decompressed", "The frame is authentic but what was sealed is not compressed data within the promised bounds. This is a bug in what sealed it."),
  FRAME_LENGTH_MISMATCH(4104, "A frame's length is not what its header says", "The frame was cut or lengthened on its way. Nothing of it is used; it is fetched again."),
  KEYRING_CORRUPT(4201, "A key file is damaged", "A tenant's key file does not open with the master key, or does not hold what it should. Restore the keyring directory from its backup."),
  MASTER_KEY_WRONG(4202, "The master key does not fit the keyring", "The tenants' keys were wrapped with another master key. Give the server the key that the keyring was made with."),
  MASTER_KEY_EXPOSED(4203, "The master key's file can be read by others", "Whoever reads the master key can read every tenant's frames. Its file must be the server's user's alone."),
  MASTER_KEY_INVALID(4204, "The master key is not a key", "A master key is 32 random bytes, written in base64."),
  KEYRING_UNAVAILABLE(4205, "The keyring cannot be read or written", "The disk or the rights of the keyring's directory do not allow it."),
  TENANT_KEY_MISSING(4206, "A tenant has no key", "Nothing can be sealed for the tenant: its key was shredded, or never made."),
  TENANT_KEY_SHREDDED(4207, "A tenant's keys were shredded", "An operator destroyed them: no frame of the tenant can be read any more, in no copy of the relay journal. tenant resync makes a new key and copies the tenant again."),
  // 5xxx tenants
  TENANT_NEEDS_RESYNC(5001, "The tenant needs a resync", "Changes that its target lacks are gone: the slot, the journal or its quota did not keep them, or source or target is not the one it was. Nothing is resumed over such a gap: helios-repl tenant resync copies again from a new consistent point."),
  TENANT_NOT_STARTED(5002, "The tenant has never been started", "Only a tenant that was started can be paused, resumed or stopped."),
  TENANT_NOT_STREAMING(5003, "The tenant is not streaming", "What was asked for needs a tenant that streams: start or resume it, or mend what its status names."),
  TENANT_HAS_NO_TABLES(5004, "No table belongs to the tenant", "The source's tables, its tenancy and the tenant's own globs leave nothing to replicate. source check lists the tables and why each does or does not take part."),
  TABLES_DO_NOT_FIT(5005, "The target's tables do not fit", "A table of the target differs from the source's in a way that could lose or refuse rows. Every mismatch is listed; the tenant does not start before all are mended."),
  TENANT_NOT_REMOVED(5006, "The tenant could not be removed", "Its records and guard at the target could not be taken away. Nothing is half done: call it again when the target is back."),
  TENANT_GONE(5007, "The tenant was removed meanwhile", "Somebody removed it while it was waited for."),
  ENDPOINT_NOT_CONFIGURED(5008, "No such source or target", "The server's configuration does not name it."),
  // 6xxx verification
  VERIFY_SOURCE_FAILED(6001, "The verification cannot read the source", "Taking a snapshot of the source, or reading a table under it, failed. The message has the server's own word for it."),
  VERIFY_TARGET_FAILED(6002, "The verification cannot read the target", "Taking a snapshot of the target, or reading a table under it, failed. The message has the server's own word for it."),
  VERIFY_NO_POINT(6003, "Both sides could not be seen at one point in time", "Either transactions that stay open at the source kept its snapshot waiting, or the applier did not reach the snapshot's point. End long transactions at the source, let the tenant catch up, or allow more time."),
  VERIFY_TABLE_MISSING(6004, "The target lacks a table that is to be compared", "The table, or the tenant's column in it, is not there at the target. Create it, then resync the tenant."),
  // 9xxx the server itself
  INTERNAL(9001, "A bug in helios-repl", "An assumption of the program does not hold. The part that met it has stopped; the log has the details."),
  LISTEN_FAILED(9002, "The server cannot listen on its address", "The address is in use by another process, or is not one of this machine."),
  TLS_REQUIRED(9003, "Anything but loopback requires TLS", "The API would carry its token in clear. TLS is not part of this release, so the server listens on loopback only."),
  DATA_DIRECTORY_IN_USE(9004, "Another server uses the data directory", "A data directory belongs to one server at a time."),
  DATA_DIRECTORY_UNUSABLE(9005, "The data directory cannot be used", "It cannot be created, read or written."),
  STORE_UNAVAILABLE(9006, "The control store is not available", "Commands that change or read declarations need it. Replication goes on without it."),
  UNAUTHENTICATED(9007, "Not authenticated", "The request carries no token, or one that is not this server's."),
  STORE_TOO_NEW(9008, "The control store was written by a newer version", "Its schema has migrations that this version does not know."),
  BAD_REQUEST(9009, "The request is not right", "A body, parameter or header is missing or malformed."),
  NO_SUCH_ROUTE(9010, "No such route", "The API has nothing at this path, or not with this method."),
  NO_SUCH_OPERATION(9011, "No such operation", "It has ended some time ago, or the server has started anew since. Ask again for what was wanted."),
  SERVER_STOPPING(9012, "The server is stopping", "It takes no commands any more.");

  private final int number;
  private final String title;
  private final String explanation;

  ErrorCode(int number, String title, String explanation) {
    this.number = number;
    this.title = title;
    this.explanation = explanation;
  }

  /** For example {@code HR-2103}. */
  public String id() {
    return "HR-" + number;
  }

  public String title() {
    return title;
  }

  /** What it means and what usually mends it, in a few sentences. */
  public String explanation() {
    return explanation;
  }

  public static Optional<ErrorCode> byId(String id) {
    return Arrays.stream(values()).filter(code -> code.id().equalsIgnoreCase(id)).findFirst();
  }
}
