CREATE TABLE "canary_strips" (
	"job_id" uuid NOT NULL,
	"seq" integer NOT NULL,
	"run_id" uuid NOT NULL,
	"piece" jsonb NOT NULL,
	CONSTRAINT "canary_strips_job_id_seq_pk" PRIMARY KEY("job_id","seq")
);
--> statement-breakpoint
ALTER TABLE "canary_strips" ADD CONSTRAINT "canary_strips_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "canary_strips_run_idx" ON "canary_strips" USING btree ("run_id","job_id","seq");