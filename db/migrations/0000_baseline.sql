create extension if not exists pg_trgm;--> statement-breakpoint
CREATE SEQUENCE "public"."lease_epoch" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "canary_strips" (
	"job_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"run_id" uuid NOT NULL,
	"piece" jsonb NOT NULL,
	CONSTRAINT "canary_strips_job_id_seq_pk" PRIMARY KEY("job_id","seq")
);
--> statement-breakpoint
CREATE TABLE "certificates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"herd_id" uuid,
	"environment_id" uuid,
	"title" text NOT NULL,
	"operation" text NOT NULL,
	"verdict" text NOT NULL,
	"because" text NOT NULL,
	"lost_bytes" bigint,
	"gap_ms" integer,
	"errors" integer,
	"key_id" text NOT NULL,
	"issued_at" timestamp with time zone NOT NULL,
	"document" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cloud_accounts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"endpoint" text,
	"regions" text[] DEFAULT '{}' NOT NULL,
	"uses_worker_role" boolean DEFAULT false NOT NULL,
	"access_key_id" text,
	"sealed_access_secret" text,
	"access_secret" boolean GENERATED ALWAYS AS (sealed_access_secret is not null) STORED,
	"role_arn" text,
	"external_id" text,
	"machine_tags" text[] DEFAULT '{}' NOT NULL,
	"herd_template" text,
	"note" text,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"aws_account" text,
	"machine_count" integer DEFAULT 0 NOT NULL,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "cloud_accounts_id_environment_key" UNIQUE("id","environment_id")
);
--> statement-breakpoint
CREATE TABLE "machines" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"account_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"title" text NOT NULL,
	"instance_id" text NOT NULL,
	"region" text NOT NULL,
	"zone" text NOT NULL,
	"type" text NOT NULL,
	"family" text NOT NULL,
	"state" text NOT NULL,
	"market" text DEFAULT 'on-demand' NOT NULL,
	"architecture" text DEFAULT '' NOT NULL,
	"private_address" text,
	"public_address" text,
	"addresses" text[] DEFAULT '{}' NOT NULL,
	"volumes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"volume_gib" integer DEFAULT 0 NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"herd_name" text,
	"server_id" uuid,
	"tie" text DEFAULT 'untied' NOT NULL,
	"launched_at" timestamp with time zone,
	"observed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(title || ' ' || instance_id || ' ' || coalesce(private_address, '') || ' ' || coalesce(public_address, '') || ' ' || coalesce(herd_name, ''))) STORED,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "discovered_hosts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"hostname" text NOT NULL,
	"addresses" text[] DEFAULT '{}' NOT NULL,
	"suggested_environment_id" uuid,
	"suggestion" text DEFAULT '' NOT NULL,
	"server_id" uuid,
	"state" text DEFAULT 'new' NOT NULL,
	"token_hash" text NOT NULL,
	"token_revoked_at" timestamp with time zone,
	"next_token_hash" text,
	"next_token_at" timestamp with time zone,
	"next_token_from" text,
	"suggested_server_id" uuid,
	"agent_version" text,
	"last_sequence" bigint DEFAULT 0 NOT NULL,
	"last_report" jsonb,
	"seen_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "discovered_instances" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"host_id" uuid NOT NULL,
	"name" text NOT NULL,
	"port" integer NOT NULL,
	"data_directory" text NOT NULL,
	"version" text,
	"state" text DEFAULT 'unknown' NOT NULL,
	"role" text DEFAULT 'unknown' NOT NULL,
	"system_identifier" text,
	"upstream_host" text,
	"upstream_port" integer,
	"suggested_environment_id" uuid,
	"suggested_herd_id" uuid,
	"suggested_by" text,
	"suggestion" text DEFAULT '' NOT NULL,
	"instance_id" uuid,
	"inbox" text DEFAULT 'new' NOT NULL,
	"report" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "discovered_poolers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"server_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"port" integer NOT NULL,
	"title" text NOT NULL,
	"socket_directory" text,
	"config_path" text NOT NULL,
	"is_readable" boolean DEFAULT true NOT NULL,
	"pool_mode" text DEFAULT '' NOT NULL,
	"auth_type" text DEFAULT '' NOT NULL,
	"databases" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"suggested_herd_id" uuid,
	"suggestion" text DEFAULT '' NOT NULL,
	"pooler_id" uuid,
	"inbox" text DEFAULT 'new' NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "discovery_rules" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"environment_id" uuid NOT NULL,
	"host_pattern" text DEFAULT '*' NOT NULL,
	"network" text DEFAULT '' NOT NULL,
	"accepts_hosts" boolean DEFAULT false NOT NULL,
	"accepts_instances" boolean DEFAULT false NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "enrolment_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"uses_left" integer,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"created_by" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "failovers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"herd_id" uuid,
	"environment_id" uuid,
	"title" text NOT NULL,
	"state" text NOT NULL,
	"because" text,
	"mode" text NOT NULL,
	"old_primary" text,
	"new_primary" text,
	"loss_bytes" bigint,
	"actor_name" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"lines" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "environments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"colour" text DEFAULT 'slate' NOT NULL,
	"protection" text DEFAULT 'confirm' NOT NULL,
	"maintenance_windows" text[] DEFAULT '{}' NOT NULL,
	"parallel_max" integer,
	"stop_after_failures_max" integer,
	"lag_bytes_max" bigint DEFAULT 67108864 NOT NULL,
	"lag_seconds_max" integer DEFAULT 60 NOT NULL,
	"is_sampled" boolean DEFAULT true NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"lowering_allowed_by" uuid,
	"lowering_allowed_until" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "herd_facts" (
	"herd_id" uuid PRIMARY KEY NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"preferred_site" text NOT NULL,
	"state" text DEFAULT 'empty' NOT NULL,
	"primary_id" uuid,
	"member_count" integer DEFAULT 0 NOT NULL,
	"online_count" integer DEFAULT 0 NOT NULL,
	"lag_bytes" bigint,
	"lag_seconds" double precision,
	"version" text,
	"version_key" integer[] GENERATED ALWAYS AS (string_to_array(substring(version from '^[0-9]{1,6}(?:\.[0-9]{1,6})*'), '.')::int[]) STORED,
	"size_bytes" bigint,
	"observed_at" timestamp with time zone,
	"pooler_count" integer DEFAULT 0 NOT NULL,
	"pooler_state" text,
	"dns_state" text,
	"certificate_id" uuid,
	"certificate_verdict" text,
	"moved_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "herds" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"base_name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"port" integer DEFAULT 5432 NOT NULL,
	"data_directory" text NOT NULL,
	"virtual_host" text,
	"preferred_site" text DEFAULT '' NOT NULL,
	"replication_user" text DEFAULT '' NOT NULL,
	"replication_options" text DEFAULT '' NOT NULL,
	"system_identifier" text,
	"search_text" text GENERATED ALWAYS AS (lower(name || ' ' || base_name || ' ' || coalesce(virtual_host, ''))) STORED,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "herds_id_environment_key" UNIQUE("id","environment_id"),
	CONSTRAINT "herds_port_check" CHECK ("herds"."port" between 1 and 65535)
);
--> statement-breakpoint
CREATE TABLE "instances" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"herd_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"environment_id" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	"title" text DEFAULT '' NOT NULL,
	"search_text" text DEFAULT '' NOT NULL,
	"port_override" integer,
	"data_directory_override" text,
	"port" integer DEFAULT 0 NOT NULL,
	"data_directory" text DEFAULT '' NOT NULL,
	"socket_directory" text,
	"note" text DEFAULT '' NOT NULL,
	"failover_priority" integer DEFAULT 100 NOT NULL,
	"replaced_at" timestamp with time zone,
	"replaced_by_id" uuid,
	"replaced_timeline" integer,
	"replaced_because" text,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"state_since" timestamp with time zone,
	"role" text DEFAULT 'unknown' NOT NULL,
	"version" text,
	"version_key" integer[] GENERATED ALWAYS AS (string_to_array(substring(version from '^[0-9]{1,6}(?:\.[0-9]{1,6})*'), '.')::int[]) STORED,
	"system_identifier" text,
	"timeline" integer,
	"current_lsn" text,
	"received_lsn" text,
	"replayed_lsn" text,
	"lag_bytes" bigint,
	"lag_seconds" double precision,
	"is_replay_paused" boolean DEFAULT false NOT NULL,
	"behind_since" timestamp with time zone,
	"upstream_id" uuid,
	"upstream_host" text,
	"upstream_port" integer,
	"upstream_slot" text,
	"sync_state" text,
	"idle_slots" integer DEFAULT 0 NOT NULL,
	"idle_slot_bytes" bigint,
	"clients" integer,
	"has_pending_restart" boolean DEFAULT false NOT NULL,
	"postmaster_started_at" timestamp with time zone,
	"size_bytes" bigint,
	"size_seen_at" timestamp with time zone,
	"probe" jsonb,
	"observed_at" timestamp with time zone,
	"observed_source" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "instances_herd_server_key" UNIQUE("herd_id","server_id"),
	CONSTRAINT "instances_port_check" CHECK ("instances"."port_override" is null or "instances"."port_override" between 1 and 65535),
	CONSTRAINT "instances_failover_priority_check" CHECK ("instances"."failover_priority" between 0 and 1000)
);
--> statement-breakpoint
CREATE TABLE "servers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"hostname" text NOT NULL,
	"address" text NOT NULL,
	"ssh_port" integer DEFAULT 22 NOT NULL,
	"ssh_user" text DEFAULT 'postgres' NOT NULL,
	"profile" text DEFAULT 'debian' NOT NULL,
	"host_key" text,
	"host_key_offered" text,
	"machine_id" text,
	"machine_id_offered" text,
	"accepts_key" uuid,
	"site" text DEFAULT '' NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"state_since" timestamp with time zone,
	"os" text,
	"cpus" integer,
	"load_per_cpu" double precision,
	"memory_bytes" bigint,
	"disk_free_bytes" bigint,
	"clock_offset_seconds" double precision,
	"observed_at" timestamp with time zone,
	"observed_source" text,
	"agent_seen_at" timestamp with time zone,
	"last_check" jsonb,
	"last_check_at" timestamp with time zone,
	"search_text" text GENERATED ALWAYS AS (lower(hostname || ' ' || address || ' ' || site)) STORED,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "servers_id_environment_key" UNIQUE("id","environment_id"),
	CONSTRAINT "servers_ssh_port_check" CHECK ("servers"."ssh_port" between 1 and 65535)
);
--> statement-breakpoint
CREATE TABLE "live_looks" (
	"instance_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"question" text DEFAULT '' NOT NULL,
	"every_seconds" real NOT NULL,
	"wanted_until" timestamp with time zone NOT NULL,
	"claimed_until" timestamp with time zone,
	"looked_at" timestamp with time zone,
	"seen_at" timestamp with time zone,
	"answer" jsonb,
	"because" text,
	CONSTRAINT "live_looks_instance_id_kind_question_pk" PRIMARY KEY("instance_id","kind","question")
);
--> statement-breakpoint
CREATE TABLE "dns_names" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	"zone_id" uuid NOT NULL,
	"herd_id" uuid NOT NULL,
	"host_name" text NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"type" text DEFAULT 'CNAME' NOT NULL,
	"follows" text DEFAULT 'primary' NOT NULL,
	"carries" text DEFAULT 'hostname' NOT NULL,
	"ttl_override" integer,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"answer" text,
	"wanted" text,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "dns_names_ttl_check" CHECK ("dns_names"."ttl_override" is null or "dns_names"."ttl_override" between 0 and 86400)
);
--> statement-breakpoint
CREATE TABLE "dns_zones" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"provider" text DEFAULT 'rfc2136' NOT NULL,
	"primary_host" text,
	"primary_port" integer DEFAULT 53 NOT NULL,
	"key_name" text,
	"key_algorithm" text DEFAULT 'hmac-sha256' NOT NULL,
	"sealed_key_secret" text,
	"key_secret" boolean GENERATED ALWAYS AS (sealed_key_secret is not null) STORED,
	"allow_unsigned" boolean DEFAULT false NOT NULL,
	"hosted_zone_id" text,
	"region" text DEFAULT 'us-east-1' NOT NULL,
	"endpoint" text,
	"uses_worker_role" boolean DEFAULT false NOT NULL,
	"access_key_id" text,
	"sealed_access_secret" text,
	"access_secret" boolean GENERATED ALWAYS AS (sealed_access_secret is not null) STORED,
	"authoritative_servers" text[] DEFAULT '{}' NOT NULL,
	"resolvers" text[] DEFAULT '{}' NOT NULL,
	"host_domain" text,
	"ttl_seconds" integer DEFAULT 60 NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "dns_zones_id_environment_key" UNIQUE("id","environment_id"),
	CONSTRAINT "dns_zones_primary_port_check" CHECK ("dns_zones"."primary_port" between 1 and 65535),
	CONSTRAINT "dns_zones_ttl_check" CHECK ("dns_zones"."ttl_seconds" between 0 and 86400)
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"subscription_id" uuid NOT NULL,
	"environment_id" uuid,
	"incident_id" uuid,
	"event" text NOT NULL,
	"severity" text NOT NULL,
	"title" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"first_tried_at" timestamp with time zone,
	"claimed_until" timestamp with time zone,
	"digest_id" uuid,
	"answer" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "incidents" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"item_key" text NOT NULL,
	"environment_ids" uuid[] NOT NULL,
	"family" text NOT NULL,
	"severity" integer NOT NULL,
	"headline" text NOT NULL,
	"label" text NOT NULL,
	"detail" text NOT NULL,
	"href" text NOT NULL,
	"remedy" jsonb,
	"since" timestamp with time zone,
	"began_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	"flaps" integer DEFAULT 0 NOT NULL,
	"acknowledged_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"environment_id" uuid,
	"person_id" uuid,
	"channel" text NOT NULL,
	"least_severity" text DEFAULT 'warning' NOT NULL,
	"tells_problems" boolean DEFAULT true NOT NULL,
	"tells_approvals" boolean DEFAULT true NOT NULL,
	"tells_attention" boolean DEFAULT true NOT NULL,
	"tells_certificates" boolean DEFAULT true NOT NULL,
	"tells_scheduled" boolean DEFAULT true NOT NULL,
	"url" text DEFAULT '' NOT NULL,
	"recipients" text[] DEFAULT '{}' NOT NULL,
	"sealed_slack_url" text,
	"slack_url" boolean GENERATED ALWAYS AS (sealed_slack_url is not null) STORED,
	"sealed_routing_key" text,
	"routing_key" boolean GENERATED ALWAYS AS (sealed_routing_key is not null) STORED,
	"sealed_signing" text,
	"is_signed" boolean GENERATED ALWAYS AS (sealed_signing is not null) STORED,
	"sealed_previous_signing" text,
	"previous_until" timestamp with time zone,
	"quiet_from" text DEFAULT '' NOT NULL,
	"quiet_until" text DEFAULT '' NOT NULL,
	"quiet_zone" text DEFAULT 'UTC' NOT NULL,
	"holds_critical" boolean DEFAULT false NOT NULL,
	"is_paused" boolean DEFAULT false NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'new' NOT NULL,
	"because" text,
	"failing_since" timestamp with time zone,
	"last_sent_at" timestamp with time zone,
	"last_digest_at" timestamp with time zone,
	"claimed_until" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "subscriptions_channel_check" CHECK ("subscriptions"."channel" in ('webhook', 'slack', 'pagerduty', 'email'))
);
--> statement-breakpoint
CREATE TABLE "grants" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"person_id" uuid,
	"group_name" text,
	"role" text NOT NULL,
	"environment_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer,
	"body" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "login_attempts" (
	"key" text PRIMARY KEY NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"first_at" timestamp with time zone DEFAULT now() NOT NULL,
	"blocked_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "people" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"user_name" text NOT NULL,
	"full_name" text DEFAULT '' NOT NULL,
	"email" text DEFAULT '' NOT NULL,
	"source" text DEFAULT 'local' NOT NULL,
	"password_hash" text,
	"groups" text[] DEFAULT '{}' NOT NULL,
	"groups_at" timestamp with time zone,
	"absent_at" timestamp with time zone,
	"is_disabled" boolean DEFAULT false NOT NULL,
	"last_login_at" timestamp with time zone,
	"preferences" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "saved_views" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"person_id" uuid NOT NULL,
	"resource" text NOT NULL,
	"name" text NOT NULL,
	"query" text NOT NULL,
	"is_shared" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"person_id" uuid NOT NULL,
	"groups" text[] DEFAULT '{}' NOT NULL,
	"from_address" text,
	"user_agent" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"proved_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"person_id" uuid NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"role" text DEFAULT 'viewer' NOT NULL,
	"environment_id" uuid,
	"expires_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pooler_herds" (
	"pooler_id" uuid NOT NULL,
	"herd_id" uuid NOT NULL,
	"is_named" boolean NOT NULL,
	"databases" integer,
	"paused" text DEFAULT 'unknown' NOT NULL,
	"paused_since" timestamp with time zone,
	"waiting" integer,
	"target" text,
	"wanted" text,
	"follows" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"stale_since" timestamp with time zone,
	CONSTRAINT "pooler_herds_pooler_id_herd_id_pk" PRIMARY KEY("pooler_id","herd_id")
);
--> statement-breakpoint
CREATE TABLE "poolers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"herd_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"environment_id" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	"name" text DEFAULT 'pgbouncer' NOT NULL,
	"herd_ids" uuid[] DEFAULT '{}' NOT NULL,
	"herds" text[] DEFAULT '{}' NOT NULL,
	"title" text DEFAULT '' NOT NULL,
	"search_text" text DEFAULT '' NOT NULL,
	"port" integer DEFAULT 6432 NOT NULL,
	"socket_directory" text DEFAULT '/var/run/postgresql' NOT NULL,
	"config_path" text DEFAULT '/etc/pgbouncer/pgbouncer.ini' NOT NULL,
	"template" text,
	"is_managed" boolean DEFAULT false NOT NULL,
	"fence" bigint DEFAULT 0 NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"version" text,
	"pool_mode" text,
	"paused" text DEFAULT 'unknown' NOT NULL,
	"paused_since" timestamp with time zone,
	"databases" integer,
	"clients" integer,
	"waiting" integer,
	"longest_wait_seconds" double precision,
	"target" text,
	"wanted" text,
	"follows" text DEFAULT 'unknown' NOT NULL,
	"stale_since" timestamp with time zone,
	"seen" jsonb,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "poolers_server_port_key" UNIQUE("server_id","port"),
	CONSTRAINT "poolers_port_check" CHECK ("poolers"."port" between 1 and 65535)
);
--> statement-breakpoint
CREATE TABLE "acknowledgements" (
	"kind" text NOT NULL,
	"item_key" text NOT NULL,
	"environment_id" uuid,
	"note" text NOT NULL,
	"person_id" uuid,
	"actor_name" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "acknowledgements_key" UNIQUE NULLS NOT DISTINCT("kind","item_key","environment_id")
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"person_id" uuid,
	"actor_name" text NOT NULL,
	"actor_kind" text NOT NULL,
	"from_address" text,
	"act" text NOT NULL,
	"resource" text,
	"object_id" uuid,
	"title" text DEFAULT '' NOT NULL,
	"environment_id" uuid,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"person_id" uuid,
	"actor_name" text NOT NULL,
	"resource" text NOT NULL,
	"object_id" uuid NOT NULL,
	"title" text NOT NULL,
	"act" text NOT NULL,
	"environment_id" uuid,
	"fields" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "console_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"state" text DEFAULT 'current' NOT NULL,
	"public_key" text NOT NULL,
	"sealed_private_key" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "samples_daily" (
	"subject" uuid NOT NULL,
	"day" timestamp with time zone NOT NULL,
	"slots" smallint[] NOT NULL,
	"lows" smallint[] NOT NULL,
	"means" smallint[] NOT NULL,
	"highs" smallint[] NOT NULL,
	CONSTRAINT "samples_daily_subject_day_pk" PRIMARY KEY("subject","day")
) PARTITION BY RANGE ("day");
--> statement-breakpoint
CREATE TABLE "samples_fresh" (
	"subject" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"figures" real[] NOT NULL,
	CONSTRAINT "samples_fresh_subject_at_pk" PRIMARY KEY("subject","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "samples_hourly" (
	"subject" uuid NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"minutes" smallint[] NOT NULL,
	"codes" smallint[] NOT NULL,
	CONSTRAINT "samples_hourly_subject_hour_pk" PRIMARY KEY("subject","hour")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
CREATE TABLE "scheduled_runs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"because" text,
	"at" timestamp with time zone NOT NULL,
	"zone" text DEFAULT 'UTC' NOT NULL,
	"start_within_minutes" integer NOT NULL,
	"operation" text NOT NULL,
	"resource" text NOT NULL,
	"title" text NOT NULL,
	"herd_ids" uuid[] DEFAULT '{}' NOT NULL,
	"environment_ids" uuid[] DEFAULT '{}' NOT NULL,
	"plan_id" uuid NOT NULL,
	"person_id" uuid,
	"token_id" uuid,
	"actor_name" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"ticket" text DEFAULT '' NOT NULL,
	"is_outside_window" boolean DEFAULT false NOT NULL,
	"approved_by" uuid,
	"approved_by_name" text,
	"run_id" uuid,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "audit_checkpoints" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"trail" uuid NOT NULL,
	"number" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"place" text NOT NULL,
	"lines" bigint NOT NULL,
	"head" text NOT NULL,
	"document" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_folds" (
	"key" text PRIMARY KEY NOT NULL,
	"act" text NOT NULL,
	"who" text NOT NULL,
	"told" jsonb NOT NULL,
	"seen" integer NOT NULL,
	"calls" integer DEFAULT 1 NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"last_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "audit_trails" (
	"id" uuid PRIMARY KEY NOT NULL,
	"place" text NOT NULL,
	"also_to" text,
	"holder" text NOT NULL,
	"claimed_until" timestamp with time zone NOT NULL,
	"checked_at" timestamp with time zone,
	"whole_at" timestamp with time zone,
	"whole_lines" bigint,
	"lines" bigint DEFAULT 0 NOT NULL,
	"sent" integer DEFAULT 0 NOT NULL,
	"fault" text,
	"fault_since" timestamp with time zone,
	"breach" jsonb,
	"breach_since" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"run_id" uuid NOT NULL,
	"operation" text NOT NULL,
	"resource" text NOT NULL,
	"target_id" uuid NOT NULL,
	"title" text NOT NULL,
	"environment_id" uuid,
	"herd_id" uuid,
	"server_id" uuid,
	"wave" integer DEFAULT 0 NOT NULL,
	"locks" text[] DEFAULT '{}' NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"step" text,
	"because" text,
	"digest" text NOT NULL,
	"last_seq" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "journal" (
	"job_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"step" text,
	"data" jsonb NOT NULL,
	"event_id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "journal_event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid NOT NULL,
	CONSTRAINT "journal_job_id_seq_pk" PRIMARY KEY("job_id","seq")
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"name" text PRIMARY KEY NOT NULL,
	"token" uuid NOT NULL,
	"epoch" bigint DEFAULT nextval('lease_epoch') NOT NULL,
	"holder" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"job_id" uuid,
	"owner" text,
	"person_id" uuid,
	"acquired_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"state" text DEFAULT 'asked' NOT NULL,
	"operation" text NOT NULL,
	"targets" uuid[] NOT NULL,
	"input" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"policy" jsonb NOT NULL,
	"person_id" uuid,
	"actor_name" text NOT NULL,
	"plan" jsonb,
	"digest" text,
	"because" text,
	"approval_asked_at" timestamp with time zone,
	"approved_by" uuid,
	"approved_by_name" text,
	"approved_at" timestamp with time zone,
	"retry_of" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ready_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "result_grids" (
	"job_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"bytes" integer NOT NULL,
	"rows" jsonb NOT NULL,
	CONSTRAINT "result_grids_job_id_seq_pk" PRIMARY KEY("job_id","seq")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"operation" text NOT NULL,
	"resource" text NOT NULL,
	"title" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"person_id" uuid,
	"actor_name" text NOT NULL,
	"input" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"policy" jsonb NOT NULL,
	"plan_id" uuid,
	"digest" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"ticket" text DEFAULT '' NOT NULL,
	"environment_ids" uuid[] DEFAULT '{}' NOT NULL,
	"jobs" integer DEFAULT 0 NOT NULL,
	"jobs_done" integer DEFAULT 0 NOT NULL,
	"jobs_failed" integer DEFAULT 0 NOT NULL,
	"jobs_attention" integer DEFAULT 0 NOT NULL,
	"retry_of" uuid,
	"idempotency_key" text,
	"cancel_requested_by" text,
	"cancel_requested_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"deadline_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"jobs" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "canary_strips" ADD CONSTRAINT "canary_strips_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cloud_accounts" ADD CONSTRAINT "cloud_accounts_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_server_id_servers_id_fk" FOREIGN KEY ("server_id") REFERENCES "public"."servers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_account_fk" FOREIGN KEY ("account_id","environment_id") REFERENCES "public"."cloud_accounts"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD CONSTRAINT "discovered_hosts_suggested_environment_id_environments_id_fk" FOREIGN KEY ("suggested_environment_id") REFERENCES "public"."environments"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD CONSTRAINT "discovered_hosts_server_id_servers_id_fk" FOREIGN KEY ("server_id") REFERENCES "public"."servers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD CONSTRAINT "discovered_hosts_suggested_server_id_servers_id_fk" FOREIGN KEY ("suggested_server_id") REFERENCES "public"."servers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_instances" ADD CONSTRAINT "discovered_instances_host_id_discovered_hosts_id_fk" FOREIGN KEY ("host_id") REFERENCES "public"."discovered_hosts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_instances" ADD CONSTRAINT "discovered_instances_suggested_environment_id_environments_id_fk" FOREIGN KEY ("suggested_environment_id") REFERENCES "public"."environments"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_instances" ADD CONSTRAINT "discovered_instances_suggested_herd_id_herds_id_fk" FOREIGN KEY ("suggested_herd_id") REFERENCES "public"."herds"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_instances" ADD CONSTRAINT "discovered_instances_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_poolers" ADD CONSTRAINT "discovered_poolers_suggested_herd_id_herds_id_fk" FOREIGN KEY ("suggested_herd_id") REFERENCES "public"."herds"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_poolers" ADD CONSTRAINT "discovered_poolers_pooler_id_poolers_id_fk" FOREIGN KEY ("pooler_id") REFERENCES "public"."poolers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_poolers" ADD CONSTRAINT "discovered_poolers_server_fk" FOREIGN KEY ("server_id","environment_id") REFERENCES "public"."servers"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "discovery_rules" ADD CONSTRAINT "discovery_rules_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enrolment_keys" ADD CONSTRAINT "enrolment_keys_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "herd_facts" ADD CONSTRAINT "herd_facts_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "herds" ADD CONSTRAINT "herds_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_herd_fk" FOREIGN KEY ("herd_id","environment_id") REFERENCES "public"."herds"("id","environment_id") ON DELETE restrict ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_server_fk" FOREIGN KEY ("server_id","environment_id") REFERENCES "public"."servers"("id","environment_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_upstream_fk" FOREIGN KEY ("upstream_id") REFERENCES "public"."instances"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_replaced_by_fk" FOREIGN KEY ("replaced_by_id") REFERENCES "public"."instances"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "servers" ADD CONSTRAINT "servers_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "live_looks" ADD CONSTRAINT "live_looks_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dns_names" ADD CONSTRAINT "dns_names_zone_fk" FOREIGN KEY ("zone_id","environment_id") REFERENCES "public"."dns_zones"("id","environment_id") ON DELETE restrict ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "dns_names" ADD CONSTRAINT "dns_names_herd_fk" FOREIGN KEY ("herd_id","environment_id") REFERENCES "public"."herds"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "dns_zones" ADD CONSTRAINT "dns_zones_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_subscription_id_subscriptions_id_fk" FOREIGN KEY ("subscription_id") REFERENCES "public"."subscriptions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_incident_id_incidents_id_fk" FOREIGN KEY ("incident_id") REFERENCES "public"."incidents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "grants" ADD CONSTRAINT "grants_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_views" ADD CONSTRAINT "saved_views_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pooler_herds" ADD CONSTRAINT "pooler_herds_pooler_id_poolers_id_fk" FOREIGN KEY ("pooler_id") REFERENCES "public"."poolers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pooler_herds" ADD CONSTRAINT "pooler_herds_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "poolers" ADD CONSTRAINT "poolers_herd_fk" FOREIGN KEY ("herd_id","environment_id") REFERENCES "public"."herds"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "poolers" ADD CONSTRAINT "poolers_server_fk" FOREIGN KEY ("server_id","environment_id") REFERENCES "public"."servers"("id","environment_id") ON DELETE restrict ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "console_keys" ADD CONSTRAINT "console_keys_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "journal" ADD CONSTRAINT "journal_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "result_grids" ADD CONSTRAINT "result_grids_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "canary_strips_run_idx" ON "canary_strips" USING btree ("run_id","job_id","seq");--> statement-breakpoint
CREATE INDEX "certificates_issued_idx" ON "certificates" USING btree ("issued_at","id");--> statement-breakpoint
CREATE INDEX "certificates_herd_idx" ON "certificates" USING btree ("herd_id","issued_at");--> statement-breakpoint
CREATE INDEX "certificates_environment_idx" ON "certificates" USING btree ("environment_id","issued_at");--> statement-breakpoint
CREATE INDEX "certificates_verdict_idx" ON "certificates" USING btree ("verdict","issued_at");--> statement-breakpoint
CREATE INDEX "certificates_title_trgm" ON "certificates" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "cloud_accounts_name_key" ON "cloud_accounts" USING btree ("environment_id",lower("name"));--> statement-breakpoint
CREATE INDEX "cloud_accounts_name_idx" ON "cloud_accounts" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "cloud_accounts_name_trgm" ON "cloud_accounts" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "machines_place_key" ON "machines" USING btree ("account_id","region","instance_id");--> statement-breakpoint
CREATE INDEX "machines_environment_idx" ON "machines" USING btree ("environment_id","title");--> statement-breakpoint
CREATE INDEX "machines_title_idx" ON "machines" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "machines_server_idx" ON "machines" USING btree ("server_id");--> statement-breakpoint
CREATE INDEX "machines_tie_idx" ON "machines" USING btree ("tie","title");--> statement-breakpoint
CREATE INDEX "machines_search_trgm" ON "machines" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "discovered_hosts_hostname_key" ON "discovered_hosts" USING btree (lower("hostname"));--> statement-breakpoint
CREATE UNIQUE INDEX "discovered_hosts_token_key" ON "discovered_hosts" USING btree ("token_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "discovered_hosts_next_token_key" ON "discovered_hosts" USING btree ("next_token_hash");--> statement-breakpoint
CREATE INDEX "discovered_hosts_server_idx" ON "discovered_hosts" USING btree ("server_id");--> statement-breakpoint
CREATE INDEX "discovered_hosts_state_idx" ON "discovered_hosts" USING btree ("state","hostname");--> statement-breakpoint
CREATE INDEX "discovered_hosts_hostname_trgm" ON "discovered_hosts" USING gin ("hostname" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "discovered_instances_place_key" ON "discovered_instances" USING btree ("host_id","name","port");--> statement-breakpoint
CREATE INDEX "discovered_instances_inbox_idx" ON "discovered_instances" USING btree ("inbox","name");--> statement-breakpoint
CREATE INDEX "discovered_instances_instance_idx" ON "discovered_instances" USING btree ("instance_id");--> statement-breakpoint
CREATE INDEX "discovered_instances_name_trgm" ON "discovered_instances" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "discovered_poolers_place_key" ON "discovered_poolers" USING btree ("server_id","port");--> statement-breakpoint
CREATE INDEX "discovered_poolers_inbox_idx" ON "discovered_poolers" USING btree ("inbox","title");--> statement-breakpoint
CREATE INDEX "discovered_poolers_pooler_idx" ON "discovered_poolers" USING btree ("pooler_id");--> statement-breakpoint
CREATE INDEX "discovered_poolers_title_trgm" ON "discovered_poolers" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "enrolment_keys_prefix_key" ON "enrolment_keys" USING btree ("prefix");--> statement-breakpoint
CREATE INDEX "failovers_started_idx" ON "failovers" USING btree ("started_at","id");--> statement-breakpoint
CREATE INDEX "failovers_herd_idx" ON "failovers" USING btree ("herd_id","started_at");--> statement-breakpoint
CREATE INDEX "failovers_environment_idx" ON "failovers" USING btree ("environment_id","started_at");--> statement-breakpoint
CREATE INDEX "failovers_title_trgm" ON "failovers" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "environments_name_key" ON "environments" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "environments_name_trgm" ON "environments" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "herd_facts_name_idx" ON "herd_facts" USING btree ("name","herd_id");--> statement-breakpoint
CREATE INDEX "herd_facts_environment_idx" ON "herd_facts" USING btree ("environment_id","name","herd_id");--> statement-breakpoint
CREATE INDEX "herd_facts_size_idx" ON "herd_facts" USING btree ("size_bytes","herd_id");--> statement-breakpoint
CREATE INDEX "herd_facts_size_down_idx" ON "herd_facts" USING btree ("size_bytes" DESC NULLS LAST,"herd_id" DESC NULLS LAST);--> statement-breakpoint
CREATE UNIQUE INDEX "herds_name_key" ON "herds" USING btree ("environment_id",lower("name"));--> statement-breakpoint
CREATE UNIQUE INDEX "herds_base_name_port_key" ON "herds" USING btree ("environment_id",lower("base_name"),"port");--> statement-breakpoint
CREATE INDEX "herds_name_idx" ON "herds" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "herds_environment_idx" ON "herds" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "herds_system_identifier_idx" ON "herds" USING btree ("system_identifier");--> statement-breakpoint
CREATE INDEX "herds_search_trgm" ON "herds" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "instances_title_idx" ON "instances" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "instances_environment_title_idx" ON "instances" USING btree ("environment_id","title","id");--> statement-breakpoint
CREATE INDEX "instances_environment_role_idx" ON "instances" USING btree ("environment_id","role","title");--> statement-breakpoint
CREATE INDEX "instances_state_idx" ON "instances" USING btree ("state","title");--> statement-breakpoint
CREATE INDEX "instances_role_idx" ON "instances" USING btree ("role","title");--> statement-breakpoint
CREATE INDEX "instances_version_idx" ON "instances" USING btree ("version","title");--> statement-breakpoint
CREATE INDEX "instances_version_key_idx" ON "instances" USING btree ("version_key","title","id");--> statement-breakpoint
CREATE INDEX "instances_server_idx" ON "instances" USING btree ("server_id");--> statement-breakpoint
CREATE INDEX "instances_upstream_idx" ON "instances" USING btree ("upstream_id");--> statement-breakpoint
CREATE INDEX "instances_lag_idx" ON "instances" USING btree ("lag_bytes","id");--> statement-breakpoint
CREATE INDEX "instances_lag_down_idx" ON "instances" USING btree ("lag_bytes" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "instances_facets_idx" ON "instances" USING btree ("environment_id","role","state","version","sync_state","has_pending_restart");--> statement-breakpoint
CREATE INDEX "instances_size_idx" ON "instances" USING btree ("size_bytes","id");--> statement-breakpoint
CREATE INDEX "instances_size_down_idx" ON "instances" USING btree ("size_bytes" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "instances_search_trgm" ON "instances" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "instances_idle_slots_idx" ON "instances" USING btree ("environment_id","title") WHERE idle_slots > 0;--> statement-breakpoint
CREATE INDEX "instances_started_idx" ON "instances" USING btree ("postmaster_started_at","system_identifier","port");--> statement-breakpoint
CREATE INDEX "instances_replaced_idx" ON "instances" USING btree ("herd_id") WHERE replaced_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "servers_hostname_key" ON "servers" USING btree (lower("hostname"));--> statement-breakpoint
CREATE UNIQUE INDEX "servers_address_key" ON "servers" USING btree (lower("address"),"ssh_port");--> statement-breakpoint
CREATE UNIQUE INDEX "servers_host_key_key" ON "servers" USING btree ("host_key");--> statement-breakpoint
CREATE UNIQUE INDEX "servers_machine_id_key" ON "servers" USING btree ("machine_id");--> statement-breakpoint
CREATE INDEX "servers_environment_idx" ON "servers" USING btree ("environment_id","hostname");--> statement-breakpoint
CREATE INDEX "servers_hostname_idx" ON "servers" USING btree ("hostname","id");--> statement-breakpoint
CREATE INDEX "servers_address_idx" ON "servers" USING btree ("address");--> statement-breakpoint
CREATE INDEX "servers_site_idx" ON "servers" USING btree ("site","hostname");--> statement-breakpoint
CREATE INDEX "servers_state_idx" ON "servers" USING btree ("state","hostname");--> statement-breakpoint
CREATE INDEX "servers_search_trgm" ON "servers" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "live_looks_wanted_idx" ON "live_looks" USING btree ("wanted_until");--> statement-breakpoint
CREATE UNIQUE INDEX "dns_names_once_key" ON "dns_names" USING btree ("zone_id","name","type");--> statement-breakpoint
CREATE INDEX "dns_names_herd_idx" ON "dns_names" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "dns_names_environment_idx" ON "dns_names" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "dns_names_name_idx" ON "dns_names" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "dns_names_state_idx" ON "dns_names" USING btree ("state","name");--> statement-breakpoint
CREATE INDEX "dns_names_name_trgm" ON "dns_names" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "dns_zones_name_key" ON "dns_zones" USING btree ("environment_id",lower("name"));--> statement-breakpoint
CREATE INDEX "dns_zones_name_idx" ON "dns_zones" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "dns_zones_name_trgm" ON "dns_zones" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "deliveries_due_idx" ON "deliveries" USING btree ("subscription_id","due_at") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "deliveries_incident_idx" ON "deliveries" USING btree ("incident_id","created_at");--> statement-breakpoint
CREATE INDEX "deliveries_created_idx" ON "deliveries" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "deliveries_subscription_idx" ON "deliveries" USING btree ("subscription_id","created_at");--> statement-breakpoint
CREATE INDEX "deliveries_environment_idx" ON "deliveries" USING btree ("environment_id","created_at");--> statement-breakpoint
CREATE INDEX "deliveries_state_idx" ON "deliveries" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "deliveries_title_trgm" ON "deliveries" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "incidents_open_key" ON "incidents" USING btree ("kind","item_key","environment_ids") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "incidents_ended_idx" ON "incidents" USING btree ("ended_at");--> statement-breakpoint
CREATE UNIQUE INDEX "subscriptions_name_key" ON "subscriptions" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "subscriptions_name_idx" ON "subscriptions" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "subscriptions_environment_idx" ON "subscriptions" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "subscriptions_person_idx" ON "subscriptions" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "subscriptions_failing_idx" ON "subscriptions" USING btree ("person_id") WHERE failing_since is not null;--> statement-breakpoint
CREATE INDEX "subscriptions_name_trgm" ON "subscriptions" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "grants_person_idx" ON "grants" USING btree ("person_id");--> statement-breakpoint
CREATE UNIQUE INDEX "grants_once_key" ON "grants" USING btree (coalesce("person_id"::text, ''),lower(coalesce("group_name", '')),"role",coalesce("environment_id"::text, ''));--> statement-breakpoint
CREATE INDEX "idempotency_created_idx" ON "idempotency" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "people_user_name_key" ON "people" USING btree (lower("user_name"));--> statement-breakpoint
CREATE INDEX "people_user_name_trgm" ON "people" USING gin ("user_name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "saved_views_name_key" ON "saved_views" USING btree ("person_id","resource",lower("name"));--> statement-breakpoint
CREATE INDEX "saved_views_resource_idx" ON "saved_views" USING btree ("resource");--> statement-breakpoint
CREATE INDEX "sessions_person_idx" ON "sessions" USING btree ("person_id");--> statement-breakpoint
CREATE UNIQUE INDEX "tokens_prefix_key" ON "tokens" USING btree ("prefix");--> statement-breakpoint
CREATE INDEX "tokens_person_idx" ON "tokens" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "pooler_herds_herd_idx" ON "pooler_herds" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "poolers_title_idx" ON "poolers" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "poolers_environment_idx" ON "poolers" USING btree ("environment_id","title");--> statement-breakpoint
CREATE INDEX "poolers_herd_idx" ON "poolers" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "poolers_herd_ids_idx" ON "poolers" USING gin ("herd_ids");--> statement-breakpoint
CREATE INDEX "poolers_search_trgm" ON "poolers" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "audit_id_key" ON "audit" USING btree ("id");--> statement-breakpoint
CREATE INDEX "audit_at_idx" ON "audit" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_act_idx" ON "audit" USING btree ("act","at");--> statement-breakpoint
CREATE INDEX "audit_actor_idx" ON "audit" USING btree ("actor_name","at");--> statement-breakpoint
CREATE INDEX "audit_title_trgm" ON "audit" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "changes_object_idx" ON "changes" USING btree ("resource","object_id","at");--> statement-breakpoint
CREATE INDEX "changes_at_idx" ON "changes" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "changes_environment_idx" ON "changes" USING btree ("environment_id","at");--> statement-breakpoint
CREATE INDEX "changes_title_trgm" ON "changes" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "console_keys_environment_key" ON "console_keys" USING btree ("environment_id","state");--> statement-breakpoint
CREATE UNIQUE INDEX "scheduled_runs_plan_key" ON "scheduled_runs" USING btree ("plan_id");--> statement-breakpoint
CREATE INDEX "scheduled_runs_due_idx" ON "scheduled_runs" USING btree ("at") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "scheduled_runs_at_idx" ON "scheduled_runs" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "scheduled_runs_run_idx" ON "scheduled_runs" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "scheduled_runs_herds_idx" ON "scheduled_runs" USING gin ("herd_ids");--> statement-breakpoint
CREATE INDEX "scheduled_runs_environments_idx" ON "scheduled_runs" USING gin ("environment_ids");--> statement-breakpoint
CREATE INDEX "scheduled_runs_title_trgm" ON "scheduled_runs" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "audit_checkpoints_number_key" ON "audit_checkpoints" USING btree ("trail","number");--> statement-breakpoint
CREATE INDEX "audit_checkpoints_at_idx" ON "audit_checkpoints" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_checkpoints_place_trgm" ON "audit_checkpoints" USING gin ("place" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "audit_folds_act_idx" ON "audit_folds" USING btree ("act","who");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_trails_place_key" ON "audit_trails" USING btree ("place");--> statement-breakpoint
CREATE INDEX "jobs_run_idx" ON "jobs" USING btree ("run_id","wave","title");--> statement-breakpoint
CREATE INDEX "jobs_target_idx" ON "jobs" USING btree ("target_id","created_at");--> statement-breakpoint
CREATE INDEX "jobs_herd_idx" ON "jobs" USING btree ("herd_id","created_at");--> statement-breakpoint
CREATE INDEX "jobs_open_idx" ON "jobs" USING btree ("state","created_at") WHERE state in ('waiting', 'running', 'attention');--> statement-breakpoint
CREATE INDEX "jobs_history_idx" ON "jobs" USING btree ("operation","finished_at") WHERE state = 'done';--> statement-breakpoint
CREATE INDEX "jobs_operation_idx" ON "jobs" USING btree ("operation","finished_at");--> statement-breakpoint
CREATE INDEX "jobs_created_idx" ON "jobs" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "jobs_environment_idx" ON "jobs" USING btree ("environment_id","created_at");--> statement-breakpoint
CREATE INDEX "jobs_title_trgm" ON "jobs" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "journal_run_idx" ON "journal" USING btree ("run_id","event_id");--> statement-breakpoint
CREATE INDEX "plans_state_idx" ON "plans" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "result_grids_at_idx" ON "result_grids" USING btree ("at");--> statement-breakpoint
CREATE INDEX "runs_plan_idx" ON "runs" USING btree ("plan_id");--> statement-breakpoint
CREATE INDEX "runs_created_idx" ON "runs" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "runs_state_idx" ON "runs" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "runs_operation_idx" ON "runs" USING btree ("operation","created_at");--> statement-breakpoint
CREATE INDEX "runs_environments_idx" ON "runs" USING gin ("environment_ids");--> statement-breakpoint
CREATE INDEX "runs_title_trgm" ON "runs" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "runs_idempotency_key" ON "runs" USING btree ("idempotency_key");