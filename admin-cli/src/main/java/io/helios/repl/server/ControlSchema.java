package io.helios.repl.server;

import java.util.List;

/** The control store's tables, in the SQL that {@link ControlDatabase#sql} turns into each database's own. */
final class ControlSchema {

  /** Each entry brings the schema from its index to the next. Entries are never changed, only added. */
  static final List<List<String>> MIGRATIONS =
      List.of(
          List.of(
              """
              CREATE TABLE {tenant} (
                id char(36) PRIMARY KEY,
                name varchar(63) NOT NULL UNIQUE,
                tenant_key text NOT NULL,
                source varchar(63) NOT NULL,
                target varchar(127) NOT NULL,
                tables text NOT NULL,
                tier varchar(20) NOT NULL,
                lag_target_millis bigint NOT NULL,
                conflicts varchar(20) NOT NULL,
                epoch bigint NOT NULL,
                desired varchar(20) NOT NULL,
                created_micros bigint NOT NULL)\
              """,
              """
              CREATE TABLE {event} (
                id {counter},
                at_micros bigint NOT NULL,
                severity varchar(10) NOT NULL,
                tenant varchar(63),
                kind varchar(63) NOT NULL,
                message text NOT NULL,
                code varchar(10),
                hint text)\
              """),
          List.of(
              """
              CREATE TABLE {verification} (
                id char(36) PRIMARY KEY,
                tenant_id char(36) NOT NULL,
                begun_micros bigint NOT NULL,
                ended_micros bigint,
                superseded integer NOT NULL,
                head text NOT NULL)\
              """,
              """
              CREATE TABLE {verification_table} (
                verification_id char(36) NOT NULL,
                table_name text NOT NULL,
                found text NOT NULL,
                PRIMARY KEY (verification_id, table_name))\
              """),
          List.of(
              """
              CREATE TABLE {audit} (
                seq bigint PRIMARY KEY,
                at_micros bigint NOT NULL,
                who varchar(127) NOT NULL,
                role varchar(10) NOT NULL,
                address varchar(63) NOT NULL,
                action text NOT NULL,
                detail text,
                outcome varchar(10) NOT NULL,
                status integer,
                code varchar(10),
                refers bigint,
                previous char(64) NOT NULL,
                hash char(64) NOT NULL)\
              """,
              "CREATE INDEX audit_refers ON {audit} (refers)",
              """
              CREATE TABLE {idempotency} (
                who varchar(127) NOT NULL,
                request_key varchar(255) NOT NULL,
                fingerprint char(64) NOT NULL,
                status integer NOT NULL,
                answer text NOT NULL,
                at_micros bigint NOT NULL,
                PRIMARY KEY (who, request_key))\
              """),
          List.of(
              """
              CREATE TABLE {tenant_migration} (
                id char(36) PRIMARY KEY,
                tenant_id char(36) NOT NULL,
                begun_micros bigint NOT NULL,
                state varchar(20) NOT NULL,
                record text NOT NULL)\
              """,
              "CREATE INDEX tenant_migration_of ON {tenant_migration} (tenant_id)",
              """
              CREATE TABLE {tenant_migration_passage} (
                id {counter},
                migration_id char(36) NOT NULL,
                at_micros bigint NOT NULL,
                from_state varchar(20) NOT NULL,
                to_state varchar(20) NOT NULL,
                reason varchar(40) NOT NULL,
                epoch bigint NOT NULL)\
              """),
          List.of(
              """
              CREATE TABLE {runbook_run} (
                number {counter},
                runbook varchar(63) NOT NULL,
                content text NOT NULL,
                sha256 char(64) NOT NULL,
                parameters text NOT NULL,
                steps integer NOT NULL,
                who varchar(127) NOT NULL,
                begun_micros bigint NOT NULL,
                ended_micros bigint,
                state varchar(20) NOT NULL,
                holder varchar(200) NOT NULL,
                lease char(36) NOT NULL,
                lease_until_micros bigint NOT NULL)\
              """,
              """
              CREATE TABLE {runbook_step} (
                run bigint NOT NULL,
                seq integer NOT NULL,
                position integer NOT NULL,
                step varchar(200) NOT NULL,
                kind varchar(20) NOT NULL,
                recovery integer NOT NULL,
                attempt integer NOT NULL,
                state varchar(20) NOT NULL,
                exit_code integer,
                output text NOT NULL,
                note text NOT NULL,
                who varchar(127) NOT NULL,
                begun_micros bigint NOT NULL,
                ended_micros bigint,
                PRIMARY KEY (run, seq))\
              """),
          List.of(
              """
              CREATE TABLE {coordination_revision} (
                revision bigint NOT NULL)\
              """,
              "INSERT INTO {coordination_revision} (revision) VALUES (0)",
              """
              CREATE TABLE {coordination} (
                register varchar(255) PRIMARY KEY,
                content text NOT NULL,
                revision bigint NOT NULL)\
              """,
              """
              CREATE TABLE {failover_auto} (
                scope varchar(10) NOT NULL,
                subject varchar(63) NOT NULL,
                automatic integer,
                off_until_micros bigint,
                who varchar(127) NOT NULL,
                at_micros bigint NOT NULL,
                PRIMARY KEY (scope, subject))\
              """),
          List.of(
              """
              CREATE TABLE {tenant_failover} (
                id char(36) PRIMARY KEY,
                tenant_id char(36) NOT NULL,
                begun_micros bigint NOT NULL,
                state varchar(20) NOT NULL,
                record text NOT NULL)\
              """,
              "CREATE INDEX tenant_failover_of ON {tenant_failover} (tenant_id)",
              """
              CREATE TABLE {tenant_failover_passage} (
                id {counter},
                failover_id char(36) NOT NULL,
                at_micros bigint NOT NULL,
                from_state varchar(20) NOT NULL,
                to_state varchar(20) NOT NULL,
                reason varchar(40) NOT NULL,
                epoch bigint NOT NULL)\
              """),
          List.of("ALTER TABLE {tenant} ADD COLUMN fencing varchar(20) NOT NULL DEFAULT 'EPOCH'"));

  private ControlSchema() {}
}
