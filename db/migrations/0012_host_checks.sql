CREATE TABLE "host_checks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"address" text NOT NULL,
	"ssh_port" integer NOT NULL,
	"ssh_user" text NOT NULL,
	"host_key" text,
	"profile" text NOT NULL,
	"person_id" uuid,
	"asked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"claimed_until" timestamp with time zone,
	"ended_at" timestamp with time zone,
	"steps" jsonb,
	"because" text
);
--> statement-breakpoint
ALTER TABLE "host_checks" ADD CONSTRAINT "host_checks_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "host_checks_asked_idx" ON "host_checks" USING btree ("asked_at");