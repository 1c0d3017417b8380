CREATE TABLE "pygmy_calls" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "pygmy_calls_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"person_id" uuid,
	"actor_name" text NOT NULL,
	"method" text NOT NULL,
	"path" text NOT NULL,
	"status" integer NOT NULL,
	"answer" text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pygmy_counters" (
	"kind" text PRIMARY KEY NOT NULL,
	"last" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pygmy_dates" (
	"number" integer PRIMARY KEY NOT NULL,
	"day" date NOT NULL,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pygmy_dates_day_key" UNIQUE("day")
);
--> statement-breakpoint
CREATE TABLE "pygmy_managements" (
	"number" integer PRIMARY KEY NOT NULL,
	"herd_id" uuid NOT NULL,
	"average_load" text NOT NULL,
	"fallbacks_up" jsonb,
	"fallbacks_down" jsonb,
	"active_users" jsonb,
	CONSTRAINT "pygmy_managements_herd_key" UNIQUE("herd_id")
);
--> statement-breakpoint
CREATE TABLE "pygmy_names" (
	"number" integer PRIMARY KEY NOT NULL,
	"hosted_zone" text NOT NULL,
	"dns_name" text NOT NULL,
	"match_type" text NOT NULL,
	"instance_id" uuid,
	"herd_id" uuid,
	"tag_role" text,
	CONSTRAINT "pygmy_names_role_key" UNIQUE("herd_id","tag_role"),
	CONSTRAINT "pygmy_names_match_check" CHECK (case "pygmy_names"."match_type" when 'MATCH_INSTANCE' then "pygmy_names"."instance_id" is not null and "pygmy_names"."herd_id" is null and "pygmy_names"."tag_role" is null
        else "pygmy_names"."instance_id" is null and "pygmy_names"."herd_id" is not null and "pygmy_names"."tag_role" is not null end)
);
--> statement-breakpoint
CREATE TABLE "pygmy_numbers" (
	"kind" text NOT NULL,
	"number" integer NOT NULL,
	"herd_id" uuid,
	"instance_id" uuid,
	"rule_id" uuid,
	"name" text,
	"sent" jsonb,
	CONSTRAINT "pygmy_numbers_kind_number_pk" PRIMARY KEY("kind","number"),
	CONSTRAINT "pygmy_numbers_herd_key" UNIQUE("herd_id"),
	CONSTRAINT "pygmy_numbers_instance_key" UNIQUE("instance_id"),
	CONSTRAINT "pygmy_numbers_rule_key" UNIQUE("rule_id"),
	CONSTRAINT "pygmy_numbers_check" CHECK (num_nonnulls("pygmy_numbers"."herd_id", "pygmy_numbers"."instance_id", "pygmy_numbers"."rule_id") = 1)
);
--> statement-breakpoint
ALTER TABLE "pygmy_managements" ADD CONSTRAINT "pygmy_managements_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pygmy_names" ADD CONSTRAINT "pygmy_names_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pygmy_names" ADD CONSTRAINT "pygmy_names_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pygmy_numbers" ADD CONSTRAINT "pygmy_numbers_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pygmy_numbers" ADD CONSTRAINT "pygmy_numbers_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pygmy_numbers" ADD CONSTRAINT "pygmy_numbers_rule_id_sizing_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."sizing_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pygmy_names_instance_idx" ON "pygmy_names" USING btree ("instance_id");