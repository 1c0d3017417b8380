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
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_subscription_id_subscriptions_id_fk" FOREIGN KEY ("subscription_id") REFERENCES "public"."subscriptions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_incident_id_incidents_id_fk" FOREIGN KEY ("incident_id") REFERENCES "public"."incidents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subscriptions" ADD CONSTRAINT "subscriptions_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
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
CREATE INDEX "subscriptions_name_trgm" ON "subscriptions" USING gin ("name" gin_trgm_ops);