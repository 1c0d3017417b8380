CREATE TABLE "idempotency" (
	"key" text PRIMARY KEY NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer,
	"body" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "groups" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "groups_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "idempotency_created_idx" ON "idempotency" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "enrolment_keys_prefix_key" ON "enrolment_keys" USING btree ("prefix");--> statement-breakpoint
-- Each report rewrites these rows: room on the page lets the new version stay there, with no index touched.
ALTER TABLE "discovered_hosts" SET (fillfactor = 60);--> statement-breakpoint
ALTER TABLE "discovered_instances" SET (fillfactor = 60);
