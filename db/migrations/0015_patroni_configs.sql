CREATE TABLE "patroni_configs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"herd_id" uuid NOT NULL,
	"config" jsonb NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	CONSTRAINT "patroni_configs_herd_seen_key" UNIQUE("herd_id","first_seen_at")
);
--> statement-breakpoint
ALTER TABLE "patroni_configs" ADD CONSTRAINT "patroni_configs_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;