CREATE TABLE "price_lists" (
	"account_id" uuid NOT NULL,
	"region" text NOT NULL,
	"kind" text NOT NULL,
	"source" text DEFAULT '' NOT NULL,
	"as_of" timestamp with time zone,
	"content" jsonb,
	"read_at" timestamp with time zone,
	"tried_at" timestamp with time zone NOT NULL,
	"because" text,
	CONSTRAINT "price_lists_account_id_region_kind_pk" PRIMARY KEY("account_id","region","kind")
);
--> statement-breakpoint
ALTER TABLE "price_lists" ADD CONSTRAINT "price_lists_account_id_cloud_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."cloud_accounts"("id") ON DELETE cascade ON UPDATE no action;