CREATE TABLE "cloud_accounts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"endpoint" text,
	"regions" text[] DEFAULT '{}' NOT NULL,
	"uses_worker_role" boolean DEFAULT false NOT NULL,
	"access_key_id" text,
	"sealed_access_secret" text,
	"access_secret" boolean GENERATED ALWAYS AS (sealed_access_secret is not null) STORED,
	"role_arn" text,
	"external_id" text,
	"machine_tags" text[] DEFAULT '{}' NOT NULL,
	"herd_template" text,
	"note" text,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"aws_account" text,
	"machine_count" integer DEFAULT 0 NOT NULL,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "cloud_accounts_id_environment_key" UNIQUE("id","environment_id")
);
--> statement-breakpoint
CREATE TABLE "machines" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"account_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"title" text NOT NULL,
	"instance_id" text NOT NULL,
	"region" text NOT NULL,
	"zone" text NOT NULL,
	"type" text NOT NULL,
	"family" text NOT NULL,
	"state" text NOT NULL,
	"market" text DEFAULT 'on-demand' NOT NULL,
	"architecture" text DEFAULT '' NOT NULL,
	"private_address" text,
	"public_address" text,
	"addresses" text[] DEFAULT '{}' NOT NULL,
	"volumes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"volume_gib" integer DEFAULT 0 NOT NULL,
	"tags" text[] DEFAULT '{}' NOT NULL,
	"herd_name" text,
	"server_id" uuid,
	"tie" text DEFAULT 'untied' NOT NULL,
	"launched_at" timestamp with time zone,
	"observed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"search_text" text GENERATED ALWAYS AS (lower(title || ' ' || instance_id || ' ' || coalesce(private_address, '') || ' ' || coalesce(public_address, '') || ' ' || coalesce(herd_name, ''))) STORED,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "cloud_accounts" ADD CONSTRAINT "cloud_accounts_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_server_id_servers_id_fk" FOREIGN KEY ("server_id") REFERENCES "public"."servers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_account_fk" FOREIGN KEY ("account_id","environment_id") REFERENCES "public"."cloud_accounts"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
CREATE UNIQUE INDEX "cloud_accounts_name_key" ON "cloud_accounts" USING btree ("environment_id",lower("name"));--> statement-breakpoint
CREATE INDEX "cloud_accounts_name_idx" ON "cloud_accounts" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "cloud_accounts_name_trgm" ON "cloud_accounts" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "machines_place_key" ON "machines" USING btree ("account_id","region","instance_id");--> statement-breakpoint
CREATE INDEX "machines_environment_idx" ON "machines" USING btree ("environment_id","title");--> statement-breakpoint
CREATE INDEX "machines_title_idx" ON "machines" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "machines_server_idx" ON "machines" USING btree ("server_id");--> statement-breakpoint
CREATE INDEX "machines_tie_idx" ON "machines" USING btree ("tie","title");--> statement-breakpoint
CREATE INDEX "machines_search_trgm" ON "machines" USING gin ("search_text" gin_trgm_ops);