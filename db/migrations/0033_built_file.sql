ALTER TABLE "stacks" ADD COLUMN "built_file" text;--> statement-breakpoint
UPDATE "stacks" SET "built_file" = "file" WHERE "built_at" IS NOT NULL;
