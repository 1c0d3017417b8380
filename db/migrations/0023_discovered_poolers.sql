CREATE TABLE "discovered_poolers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"server_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"port" integer NOT NULL,
	"title" text NOT NULL,
	"socket_directory" text,
	"config_path" text NOT NULL,
	"is_readable" boolean DEFAULT true NOT NULL,
	"pool_mode" text DEFAULT '' NOT NULL,
	"auth_type" text DEFAULT '' NOT NULL,
	"databases" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"suggested_herd_id" uuid,
	"suggestion" text DEFAULT '' NOT NULL,
	"pooler_id" uuid,
	"inbox" text DEFAULT 'new' NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "discovered_poolers" ADD CONSTRAINT "discovered_poolers_suggested_herd_id_herds_id_fk" FOREIGN KEY ("suggested_herd_id") REFERENCES "public"."herds"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_poolers" ADD CONSTRAINT "discovered_poolers_pooler_id_poolers_id_fk" FOREIGN KEY ("pooler_id") REFERENCES "public"."poolers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discovered_poolers" ADD CONSTRAINT "discovered_poolers_server_fk" FOREIGN KEY ("server_id","environment_id") REFERENCES "public"."servers"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
CREATE UNIQUE INDEX "discovered_poolers_place_key" ON "discovered_poolers" USING btree ("server_id","port");--> statement-breakpoint
CREATE INDEX "discovered_poolers_inbox_idx" ON "discovered_poolers" USING btree ("inbox","title");--> statement-breakpoint
CREATE INDEX "discovered_poolers_pooler_idx" ON "discovered_poolers" USING btree ("pooler_id");--> statement-breakpoint
CREATE INDEX "discovered_poolers_title_trgm" ON "discovered_poolers" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "servers_address_idx" ON "servers" USING btree ("address");