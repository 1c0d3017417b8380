ALTER TABLE "machines" ADD COLUMN "hand_server_id" uuid;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "is_ignored" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "recorded" jsonb;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "recorded_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "recorded_by" text;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "drift_fields" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "differences" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "drift" text GENERATED ALWAYS AS (case when drift_fields = '{}' then 'none' else 'drifted' end) STORED;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "drifted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "seen_before_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_hand_server_id_servers_id_fk" FOREIGN KEY ("hand_server_id") REFERENCES "public"."servers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "machines_hand_server_idx" ON "machines" USING btree ("hand_server_id");--> statement-breakpoint
CREATE INDEX "machines_drift_idx" ON "machines" USING btree ("drift","title");--> statement-breakpoint
CREATE INDEX "machines_drift_fields_idx" ON "machines" USING gin ("drift_fields");