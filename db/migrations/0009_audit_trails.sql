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
CREATE UNIQUE INDEX "audit_checkpoints_number_key" ON "audit_checkpoints" USING btree ("trail","number");--> statement-breakpoint
CREATE INDEX "audit_checkpoints_at_idx" ON "audit_checkpoints" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_checkpoints_place_trgm" ON "audit_checkpoints" USING gin ("place" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "audit_folds_act_idx" ON "audit_folds" USING btree ("act","who");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_trails_place_key" ON "audit_trails" USING btree ("place");--> statement-breakpoint
create trigger audit_checkpoints_append_only before update or delete or truncate on audit_checkpoints
  for each statement execute function is_append_only();
