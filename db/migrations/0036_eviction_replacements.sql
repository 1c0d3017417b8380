ALTER TABLE "eviction_answers" ADD COLUMN "replacing" uuid;--> statement-breakpoint
ALTER TABLE "eviction_answers" ADD COLUMN "replaced" uuid[] DEFAULT '{}' NOT NULL;