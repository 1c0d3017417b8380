ALTER TABLE "environments" ADD COLUMN "parallel_max" integer;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "stop_after_failures_max" integer;