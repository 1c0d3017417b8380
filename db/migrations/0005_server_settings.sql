CREATE TABLE "instance_settings" (
	"instance_id" uuid NOT NULL,
	"name" text NOT NULL,
	"value" text,
	"number" double precision,
	"source" text NOT NULL,
	"file" text,
	"line" integer,
	"is_pending_restart" boolean DEFAULT false NOT NULL,
	"pending_value" text,
	CONSTRAINT "instance_settings_instance_id_name_pk" PRIMARY KEY("instance_id","name")
);
--> statement-breakpoint
CREATE TABLE "setting_catalogues" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "setting_catalogues_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"digest" text NOT NULL,
	"version" text NOT NULL,
	CONSTRAINT "setting_catalogues_digest_key" UNIQUE("digest")
);
--> statement-breakpoint
CREATE TABLE "setting_changes" (
	"instance_id" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"name" text NOT NULL,
	"is_pending" boolean NOT NULL,
	"unit" text,
	"type" text NOT NULL,
	"old_value" text,
	"new_value" text,
	"source" text,
	"file" text,
	"line" integer,
	CONSTRAINT "setting_changes_instance_id_at_name_is_pending_pk" PRIMARY KEY("instance_id","at","name","is_pending")
);
--> statement-breakpoint
CREATE TABLE "setting_kinds" (
	"catalogue_id" integer NOT NULL,
	"name" text NOT NULL,
	"category" text NOT NULL,
	"description" text NOT NULL,
	"context" text NOT NULL,
	"type" text NOT NULL,
	"unit" text,
	"default_value" text,
	"default_number" double precision,
	CONSTRAINT "setting_kinds_catalogue_id_name_pk" PRIMARY KEY("catalogue_id","name")
);
--> statement-breakpoint
CREATE TABLE "setting_looks" (
	"instance_id" uuid PRIMARY KEY NOT NULL,
	"catalogue_id" integer,
	"digest" text DEFAULT '' NOT NULL,
	"loaded_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"seen_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "instance_settings" ADD CONSTRAINT "instance_settings_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setting_changes" ADD CONSTRAINT "setting_changes_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setting_kinds" ADD CONSTRAINT "setting_kinds_catalogue_id_setting_catalogues_id_fk" FOREIGN KEY ("catalogue_id") REFERENCES "public"."setting_catalogues"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setting_looks" ADD CONSTRAINT "setting_looks_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setting_looks" ADD CONSTRAINT "setting_looks_catalogue_id_setting_catalogues_id_fk" FOREIGN KEY ("catalogue_id") REFERENCES "public"."setting_catalogues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "instance_settings_name_idx" ON "instance_settings" USING btree ("name","instance_id");--> statement-breakpoint
CREATE INDEX "instance_settings_pending_idx" ON "instance_settings" USING btree ("instance_id","name") WHERE is_pending_restart;--> statement-breakpoint
CREATE INDEX "setting_changes_at_idx" ON "setting_changes" USING btree ("at");--> statement-breakpoint
CREATE INDEX "setting_kinds_name_idx" ON "setting_kinds" USING btree ("name");