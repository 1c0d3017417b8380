CREATE TABLE "stack_looks" (
	"stack_id" uuid PRIMARY KEY NOT NULL,
	"tried_at" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone,
	"because" text,
	"findings" jsonb NOT NULL,
	"since" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "looks_for_drift" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "stack_looks" ADD CONSTRAINT "stack_looks_stack_id_stacks_id_fk" FOREIGN KEY ("stack_id") REFERENCES "public"."stacks"("id") ON DELETE cascade ON UPDATE no action;