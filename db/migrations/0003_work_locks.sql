CREATE SEQUENCE "public"."lease_epoch" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "locks" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "plans" ADD COLUMN "retry_of" uuid;--> statement-breakpoint
ALTER TABLE "leases" ALTER COLUMN "epoch" SET DEFAULT nextval('lease_epoch');--> statement-breakpoint
-- Lines go only with their job.
create trigger journal_append_only before update on journal
  for each statement execute function is_append_only();
