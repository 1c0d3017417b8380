ALTER TABLE "sessions" ADD COLUMN "proved_at" timestamp with time zone DEFAULT now() NOT NULL;
--> statement-breakpoint
-- A login from before vouches since it was made, not since this migration.
UPDATE "sessions" SET "proved_at" = "created_at";
