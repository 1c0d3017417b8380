CREATE TABLE "certificates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"herd_id" uuid,
	"environment_id" uuid,
	"title" text NOT NULL,
	"operation" text NOT NULL,
	"verdict" text NOT NULL,
	"because" text NOT NULL,
	"lost_bytes" bigint,
	"gap_ms" integer,
	"errors" integer,
	"key_id" text NOT NULL,
	"issued_at" timestamp with time zone NOT NULL,
	"document" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "certificates_issued_idx" ON "certificates" USING btree ("issued_at","id");--> statement-breakpoint
CREATE INDEX "certificates_herd_idx" ON "certificates" USING btree ("herd_id","issued_at");--> statement-breakpoint
CREATE INDEX "certificates_environment_idx" ON "certificates" USING btree ("environment_id","issued_at");--> statement-breakpoint
CREATE INDEX "certificates_title_trgm" ON "certificates" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "jobs_operation_idx" ON "jobs" USING btree ("operation","finished_at");