CREATE TABLE "etcd_clusters" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"cluster_id" text NOT NULL,
	"title" text NOT NULL,
	"herds" text[] DEFAULT '{}' NOT NULL,
	"herd_ids" uuid[] DEFAULT '{}' NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"version" text,
	"leader" text,
	"members_up" integer,
	"members_total" integer,
	"alarms" text[] DEFAULT '{}' NOT NULL,
	"database_bytes" bigint,
	"used_bytes" bigint,
	"certificate_until" timestamp with time zone,
	"seen" jsonb,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "etcd_clusters_cluster_key" UNIQUE("environment_id","cluster_id")
);
--> statement-breakpoint
CREATE TABLE "proxies" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"config_path" text NOT NULL,
	"title" text NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"version" text,
	"listens" text[] DEFAULT '{}' NOT NULL,
	"servers_up" integer,
	"servers_total" integer,
	"sessions" integer,
	"started_at" timestamp with time zone,
	"seen" jsonb,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "proxies_server_config_key" UNIQUE("server_id","config_path")
);
--> statement-breakpoint
ALTER TABLE "etcd_clusters" ADD CONSTRAINT "etcd_clusters_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proxies" ADD CONSTRAINT "proxies_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "proxies" ADD CONSTRAINT "proxies_server_id_servers_id_fk" FOREIGN KEY ("server_id") REFERENCES "public"."servers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "etcd_clusters_title_trgm" ON "etcd_clusters" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "proxies_environment_idx" ON "proxies" USING btree ("environment_id","title");--> statement-breakpoint
CREATE INDEX "proxies_title_trgm" ON "proxies" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
drop trigger jobs_keep_failover on jobs;
--> statement-breakpoint
create trigger jobs_keep_failover after update on jobs for each row
  when (new.operation in ('failover', 'switchover', 'follow-leader') and (new.state, new.step) is distinct from (old.state, old.step))
  execute function keep_failover();
