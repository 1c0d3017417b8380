CREATE TABLE "machine_spans" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"account_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"region" text NOT NULL,
	"instance_id" text NOT NULL,
	"title" text NOT NULL,
	"type" text NOT NULL,
	"state" text NOT NULL,
	"market" text NOT NULL,
	"herd_id" uuid,
	"member_id" uuid,
	"from_at" timestamp with time zone NOT NULL,
	"until_at" timestamp with time zone NOT NULL,
	"is_open" boolean DEFAULT true NOT NULL
);
--> statement-breakpoint
CREATE TABLE "type_prices" (
	"account_id" uuid NOT NULL,
	"region" text NOT NULL,
	"type" text NOT NULL,
	"from_at" timestamp with time zone NOT NULL,
	"hourly_usd" double precision NOT NULL,
	"source" text NOT NULL,
	CONSTRAINT "type_prices_account_id_region_type_from_at_pk" PRIMARY KEY("account_id","region","type","from_at")
);
--> statement-breakpoint
CREATE TABLE "sizing_limits" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"region" text DEFAULT '' NOT NULL,
	"at_once" integer NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "sizing_limits_at_once_check" CHECK ("sizing_limits"."at_once" > 0)
);
--> statement-breakpoint
CREATE TABLE "sizing_recommendations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"herd_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"title" text NOT NULL,
	"kind" text NOT NULL,
	"from_type" text,
	"type" text,
	"from_hour" integer,
	"until_hour" integer,
	"saved_usd" integer,
	"because" text NOT NULL,
	"rule_id" uuid,
	"evidence" jsonb NOT NULL,
	"found_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
DROP INDEX "sizing_decisions_key";--> statement-breakpoint
ALTER TABLE "calendars" ADD COLUMN "stays_big" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "calendars" ADD COLUMN "grow_before_minutes" integer;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD COLUMN "approved_revision" integer;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD COLUMN "approved_by" uuid;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD COLUMN "approved_by_name" text;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD COLUMN "approved_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "type_prices" ADD CONSTRAINT "type_prices_account_id_cloud_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."cloud_accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sizing_recommendations" ADD CONSTRAINT "sizing_recommendations_rule_id_sizing_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."sizing_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sizing_recommendations" ADD CONSTRAINT "sizing_recommendations_herd_fk" FOREIGN KEY ("herd_id","environment_id") REFERENCES "public"."herds"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
CREATE UNIQUE INDEX "machine_spans_open_key" ON "machine_spans" USING btree ("account_id","region","instance_id") WHERE is_open;--> statement-breakpoint
CREATE INDEX "machine_spans_herd_idx" ON "machine_spans" USING btree ("herd_id","until_at");--> statement-breakpoint
CREATE INDEX "machine_spans_member_idx" ON "machine_spans" USING btree ("member_id","until_at");--> statement-breakpoint
CREATE INDEX "machine_spans_until_idx" ON "machine_spans" USING btree ("until_at");--> statement-breakpoint
CREATE UNIQUE INDEX "sizing_limits_region_key" ON "sizing_limits" USING btree ("region");--> statement-breakpoint
CREATE UNIQUE INDEX "sizing_recommendations_herd_key" ON "sizing_recommendations" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "sizing_recommendations_environment_idx" ON "sizing_recommendations" USING btree ("environment_id","saved_usd");--> statement-breakpoint
CREATE INDEX "sizing_recommendations_saved_idx" ON "sizing_recommendations" USING btree ("saved_usd","id");--> statement-breakpoint
CREATE INDEX "sizing_recommendations_found_idx" ON "sizing_recommendations" USING btree ("found_at");--> statement-breakpoint
CREATE INDEX "sizing_recommendations_title_trgm" ON "sizing_recommendations" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD CONSTRAINT "sizing_rules_approved_by_people_id_fk" FOREIGN KEY ("approved_by") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "sizing_decisions_key" ON "sizing_decisions" USING btree ("rule_id","kind","occurrence","attempt");