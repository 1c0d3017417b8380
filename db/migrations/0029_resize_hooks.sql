CREATE TABLE "hooks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid,
	"herd_id" uuid,
	"name" text NOT NULL,
	"moment" text NOT NULL,
	"file" text NOT NULL,
	"timeout_seconds" integer DEFAULT 60 NOT NULL,
	"on_failure" text DEFAULT 'stop' NOT NULL,
	"stays_away" boolean DEFAULT false NOT NULL,
	"is_paused" boolean DEFAULT false NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "hooks_moment_check" CHECK ("hooks"."moment" in ('before-stop', 'after-return', 'move-clients')),
	CONSTRAINT "hooks_failure_check" CHECK ("hooks"."on_failure" in ('stop', 'go-on')),
	CONSTRAINT "hooks_file_check" CHECK ("hooks"."file" ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$')
);
--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD COLUMN "counted_clients" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD COLUMN "ignored_clients" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "hooks" ADD CONSTRAINT "hooks_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hooks" ADD CONSTRAINT "hooks_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "hooks_name_key" ON "hooks" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "hooks_name_idx" ON "hooks" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "hooks_environment_idx" ON "hooks" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "hooks_herd_idx" ON "hooks" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "hooks_name_trgm" ON "hooks" USING gin ("name" gin_trgm_ops);