CREATE TABLE "result_grids" (
	"job_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"bytes" integer NOT NULL,
	"rows" jsonb NOT NULL,
	CONSTRAINT "result_grids_job_id_seq_pk" PRIMARY KEY("job_id","seq")
);
--> statement-breakpoint
ALTER TABLE "result_grids" ADD CONSTRAINT "result_grids_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "result_grids_at_idx" ON "result_grids" USING btree ("at");