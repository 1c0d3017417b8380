ALTER TABLE "herds" ADD COLUMN "replication_user" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "herds" ADD COLUMN "replication_options" text DEFAULT '' NOT NULL;
