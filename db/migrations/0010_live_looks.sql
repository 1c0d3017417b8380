CREATE TABLE "live_looks" (
	"instance_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"wanted_until" timestamp with time zone NOT NULL,
	"claimed_until" timestamp with time zone,
	"looked_at" timestamp with time zone,
	"seen_at" timestamp with time zone,
	"answer" jsonb,
	"because" text,
	CONSTRAINT "live_looks_instance_id_kind_pk" PRIMARY KEY("instance_id","kind")
);
--> statement-breakpoint
ALTER TABLE "live_looks" ADD CONSTRAINT "live_looks_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "live_looks_wanted_idx" ON "live_looks" USING btree ("wanted_until");