CREATE TABLE "eviction_answers" (
	"herd_id" uuid PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"because" text DEFAULT '' NOT NULL,
	"run_id" uuid,
	"leaving" uuid,
	"gone" uuid[] DEFAULT '{}' NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"next_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"claim" uuid,
	"claimed_until" timestamp with time zone,
	"changed_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "evictions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"title" text NOT NULL,
	"instance_id" text NOT NULL,
	"kind" text NOT NULL,
	"action" text DEFAULT '' NOT NULL,
	"source" text NOT NULL,
	"due_at" timestamp with time zone,
	"heard_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"withdrawn_at" timestamp with time zone,
	"gone_at" timestamp with time zone,
	"closed_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "answers_evictions" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "eviction_answers" ADD CONSTRAINT "eviction_answers_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evictions" ADD CONSTRAINT "evictions_server_id_servers_id_fk" FOREIGN KEY ("server_id") REFERENCES "public"."servers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "eviction_answers_next_idx" ON "eviction_answers" USING btree ("next_at");--> statement-breakpoint
CREATE UNIQUE INDEX "evictions_open_key" ON "evictions" USING btree ("server_id","instance_id","kind") WHERE withdrawn_at is null and closed_at is null;--> statement-breakpoint
CREATE INDEX "evictions_heard_idx" ON "evictions" USING btree ("heard_at");