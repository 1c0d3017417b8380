DROP INDEX "machines_place_key";--> statement-breakpoint
ALTER TABLE "cloud_accounts" ADD COLUMN "looks_for_rds" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "kind" text DEFAULT 'ec2' NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "engine_version" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "port" integer;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "replicates_from" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "pending_type" text;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "endpoint_user" text;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "sealed_endpoint_password" text;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "endpoint_password" boolean GENERATED ALWAYS AS (sealed_endpoint_password is not null) STORED;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "uses_iam_token" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "machines_place_key" ON "machines" USING btree ("account_id","region","kind","instance_id");