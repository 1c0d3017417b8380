CREATE TABLE "calendars" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid,
	"herd_id" uuid,
	"name" text NOT NULL,
	"zone" text DEFAULT 'UTC' NOT NULL,
	"dates" text NOT NULL,
	"holds_down" boolean DEFAULT true NOT NULL,
	"holds_up" boolean DEFAULT false NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sizing_decisions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"rule_id" uuid,
	"herd_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"title" text NOT NULL,
	"kind" text DEFAULT 'scheduled' NOT NULL,
	"occurrence" timestamp with time zone NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"missed" integer DEFAULT 0 NOT NULL,
	"state" text DEFAULT 'deciding' NOT NULL,
	"because" text DEFAULT '' NOT NULL,
	"members" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"run_id" uuid,
	"person_id" uuid,
	"token_id" uuid,
	"actor_name" text DEFAULT '' NOT NULL,
	"rule_revision" integer NOT NULL,
	"claim" uuid,
	"claimed_until" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"decided_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "sizing_rules" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	"herd_id" uuid NOT NULL,
	"name" text NOT NULL,
	"action" text NOT NULL,
	"reverse_of" uuid,
	"type" text,
	"member_types" text[] DEFAULT '{}' NOT NULL,
	"fallbacks" text DEFAULT '' NOT NULL,
	"schedules" text NOT NULL,
	"zone" text DEFAULT 'UTC' NOT NULL,
	"jitter_seconds" integer DEFAULT 0 NOT NULL,
	"conditions" text DEFAULT '' NOT NULL,
	"missed_runs" text DEFAULT 'skip' NOT NULL,
	"start_within_minutes" integer DEFAULT 15 NOT NULL,
	"retry_minutes" integer,
	"retry_max" integer,
	"cuts_clients" boolean DEFAULT true NOT NULL,
	"leaves_no_standby" boolean DEFAULT false NOT NULL,
	"acts_in_protected" boolean DEFAULT false NOT NULL,
	"is_outside_window" boolean DEFAULT false NOT NULL,
	"is_paused" boolean DEFAULT false NOT NULL,
	"pause_reason" text DEFAULT '' NOT NULL,
	"paused_until" timestamp with time zone,
	"note" text DEFAULT '' NOT NULL,
	"person_id" uuid,
	"token_id" uuid,
	"next_at" timestamp with time zone,
	"next_occurrence" timestamp with time zone,
	"next_attempt" integer DEFAULT 1 NOT NULL,
	"last_state" text,
	"last_because" text,
	"last_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "sizing_rules_action_check" CHECK ("sizing_rules"."action" in ('down', 'up', 'return'))
);
--> statement-breakpoint
ALTER TABLE "calendars" ADD CONSTRAINT "calendars_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calendars" ADD CONSTRAINT "calendars_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sizing_decisions" ADD CONSTRAINT "sizing_decisions_rule_id_sizing_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."sizing_rules"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD CONSTRAINT "sizing_rules_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD CONSTRAINT "sizing_rules_reverse_of_sizing_rules_id_fk" FOREIGN KEY ("reverse_of") REFERENCES "public"."sizing_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sizing_rules" ADD CONSTRAINT "sizing_rules_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "calendars_name_key" ON "calendars" USING btree (lower("name"));--> statement-breakpoint
CREATE INDEX "calendars_name_idx" ON "calendars" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "calendars_environment_idx" ON "calendars" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "calendars_herd_idx" ON "calendars" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "calendars_name_trgm" ON "calendars" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "sizing_decisions_key" ON "sizing_decisions" USING btree ("rule_id","occurrence","attempt");--> statement-breakpoint
CREATE INDEX "sizing_decisions_open_idx" ON "sizing_decisions" USING btree ("claimed_until") WHERE state = 'deciding';--> statement-breakpoint
CREATE INDEX "sizing_decisions_occurrence_idx" ON "sizing_decisions" USING btree ("occurrence","id");--> statement-breakpoint
CREATE INDEX "sizing_decisions_rule_idx" ON "sizing_decisions" USING btree ("rule_id","occurrence");--> statement-breakpoint
CREATE INDEX "sizing_decisions_herd_idx" ON "sizing_decisions" USING btree ("herd_id","occurrence");--> statement-breakpoint
CREATE INDEX "sizing_decisions_environment_idx" ON "sizing_decisions" USING btree ("environment_id","occurrence");--> statement-breakpoint
CREATE INDEX "sizing_decisions_run_idx" ON "sizing_decisions" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "sizing_decisions_title_trgm" ON "sizing_decisions" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "sizing_rules_name_key" ON "sizing_rules" USING btree ("herd_id",lower("name"));--> statement-breakpoint
CREATE INDEX "sizing_rules_name_idx" ON "sizing_rules" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "sizing_rules_environment_idx" ON "sizing_rules" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "sizing_rules_reverse_idx" ON "sizing_rules" USING btree ("reverse_of");--> statement-breakpoint
CREATE INDEX "sizing_rules_person_idx" ON "sizing_rules" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "sizing_rules_due_idx" ON "sizing_rules" USING btree ("next_at");--> statement-breakpoint
CREATE INDEX "sizing_rules_new_idx" ON "sizing_rules" USING btree ("id") WHERE next_at is null;--> statement-breakpoint
CREATE INDEX "sizing_rules_name_trgm" ON "sizing_rules" USING gin ("name" gin_trgm_ops);
--> statement-breakpoint
-- A rule carries the environment of its herd, so that lists sort, filter and search without a join.
CREATE FUNCTION sizing_rules_fill() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  home uuid;
BEGIN
  SELECT h.environment_id INTO home FROM herds h WHERE h.id = NEW.herd_id;
  -- A herd that does not exist is left to the foreign key, which names it.
  IF home IS NOT NULL THEN
    NEW.environment_id := home;
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER sizing_rules_fill BEFORE INSERT OR UPDATE OF herd_id, environment_id ON sizing_rules FOR EACH ROW EXECUTE FUNCTION sizing_rules_fill();
--> statement-breakpoint
CREATE FUNCTION herds_take_sizing_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE sizing_rules SET herd_id = herd_id WHERE herd_id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER herds_take_sizing_rules AFTER UPDATE OF environment_id ON herds FOR EACH ROW
  WHEN (OLD.environment_id <> NEW.environment_id) EXECUTE FUNCTION herds_take_sizing_rules();
