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
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE UNIQUE INDEX "scheduled_runs_plan_key" ON "scheduled_runs" USING btree ("plan_id");--> statement-breakpoint
CREATE INDEX "scheduled_runs_due_idx" ON "scheduled_runs" USING btree ("at") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "scheduled_runs_at_idx" ON "scheduled_runs" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "scheduled_runs_run_idx" ON "scheduled_runs" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "scheduled_runs_herds_idx" ON "scheduled_runs" USING gin ("herd_ids");--> statement-breakpoint
CREATE INDEX "scheduled_runs_environments_idx" ON "scheduled_runs" USING gin ("environment_ids");--> statement-breakpoint
CREATE INDEX "scheduled_runs_title_trgm" ON "scheduled_runs" USING gin ("title" gin_trgm_ops);