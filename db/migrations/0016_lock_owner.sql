ALTER TABLE "leases" ADD COLUMN "owner" text;--> statement-breakpoint
ALTER TABLE "leases" ADD COLUMN "person_id" uuid;