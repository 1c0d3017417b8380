ALTER TABLE "instances" ADD COLUMN "idle_slots" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "idle_slot_bytes" bigint;--> statement-breakpoint
CREATE INDEX "instances_idle_slots_idx" ON "instances" USING btree ("environment_id","title") WHERE idle_slots > 0;--> statement-breakpoint
CREATE INDEX "instances_started_idx" ON "instances" USING btree ("postmaster_started_at","system_identifier","port");