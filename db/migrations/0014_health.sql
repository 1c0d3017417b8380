CREATE TABLE "health_findings" (
	"instance_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"database" text NOT NULL,
	"object" text NOT NULL,
	"severity" text NOT NULL,
	"value" double precision NOT NULL,
	"details" jsonb NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"looked_at" timestamp with time zone NOT NULL,
	CONSTRAINT "health_findings_instance_id_kind_database_object_pk" PRIMARY KEY("instance_id","kind","database","object")
);
--> statement-breakpoint
CREATE TABLE "health_looks" (
	"instance_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"tried_at" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone,
	"because" text,
	"not_applicable" text,
	"worst_value" double precision,
	"worst_object" text,
	CONSTRAINT "health_looks_instance_id_kind_pk" PRIMARY KEY("instance_id","kind")
);
--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "looks_at_health" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "health_limits" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "herd_facts" ADD COLUMN "health_critical_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "herd_facts" ADD COLUMN "health_warning_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "herd_facts" ADD COLUMN "health_unknown_from" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "health_findings" ADD CONSTRAINT "health_findings_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "health_looks" ADD CONSTRAINT "health_looks_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
create or replace view herd_list as
select f.herd_id as id, f.environment_id, f.name, h.base_name, h.description, h.port, h.data_directory, h.virtual_host, f.preferred_site,
  h.replication_user, h.replication_options, h.system_identifier, h.search_text, h.created_at, h.changed_at, h.revision,
  case when f.state in ('lagging', 'healthy') and f.observed_at < now() - interval '60 s' then 'stale' else f.state end as state,
  f.primary_id, f.member_count, f.online_count || '/' || f.member_count as members, f.lag_bytes, f.lag_seconds, f.version, f.version_key, f.size_bytes, f.observed_at,
  f.pooler_count, f.pooler_state, f.dns_state, f.certificate_id, f.certificate_verdict, f.moved_at, f.manager,
  case when f.health_critical_until > now() then 'critical' when f.health_warning_until > now() then 'warning'
    when f.health_unknown_from > now() then 'healthy' else 'unknown' end as health
from herd_facts f left join herds h on h.id = f.herd_id;
