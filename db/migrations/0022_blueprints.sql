CREATE TABLE "blueprints" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"account_id" uuid,
	"name" text NOT NULL,
	"note" text,
	"herd_id" uuid,
	"regions" text[] DEFAULT '{}' NOT NULL,
	"zones" text[] DEFAULT '{}' NOT NULL,
	"vcpus_min" integer,
	"vcpus_max" integer,
	"memory_gib_min" integer,
	"memory_gib_max" integer,
	"architecture" text,
	"families" text[] DEFAULT '{}' NOT NULL,
	"types" text[] DEFAULT '{}' NOT NULL,
	"allows_burstable" boolean DEFAULT false NOT NULL,
	"market" text DEFAULT 'spot' NOT NULL,
	"falls_back" boolean DEFAULT false NOT NULL,
	"strategy" text DEFAULT 'balanced' NOT NULL,
	"price_max_usd" text,
	"eviction_max" integer,
	"eviction_weight" integer,
	"storage" text DEFAULT 'network' NOT NULL,
	"storage_gb" integer,
	"volume_kind" text DEFAULT 'gp3' NOT NULL,
	"volume_iops" integer,
	"volume_mibs" integer,
	"root_gb" integer DEFAULT 20 NOT NULL,
	"vpc_id" text,
	"subnet_id" text,
	"security_group_ids" text[] DEFAULT '{}' NOT NULL,
	"key_name" text,
	"is_private" boolean DEFAULT false NOT NULL,
	"client_addresses" text[] DEFAULT '{}' NOT NULL,
	"major" text DEFAULT '18' NOT NULL,
	"tuning" text DEFAULT 'general' NOT NULL,
	"settings" text,
	"extensions" text[] DEFAULT '{}' NOT NULL,
	"preload" text[] DEFAULT '{}' NOT NULL,
	"database" text,
	"admin_user" text,
	"sealed_admin_password" text,
	"admin_password" boolean GENERATED ALWAYS AS (sealed_admin_password is not null) STORED,
	"is_superuser" boolean DEFAULT false NOT NULL,
	"access_rules" text,
	"replicas" integer DEFAULT 0 NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"imported" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "blueprints_replicas_check" CHECK ("blueprints"."replicas" between 0 and 5)
);
--> statement-breakpoint
ALTER TABLE "blueprints" ADD CONSTRAINT "blueprints_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "blueprints" ADD CONSTRAINT "blueprints_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "blueprints" ADD CONSTRAINT "blueprints_account_fk" FOREIGN KEY ("account_id","environment_id") REFERENCES "public"."cloud_accounts"("id","environment_id") ON DELETE no action ON UPDATE cascade;--> statement-breakpoint
CREATE UNIQUE INDEX "blueprints_name_key" ON "blueprints" USING btree ("environment_id",lower("name"));--> statement-breakpoint
CREATE INDEX "blueprints_name_idx" ON "blueprints" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "blueprints_account_idx" ON "blueprints" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "blueprints_herd_idx" ON "blueprints" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "blueprints_name_trgm" ON "blueprints" USING gin ("name" gin_trgm_ops);