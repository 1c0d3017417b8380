CREATE TABLE "followed_leaders" (
	"herd_id" uuid PRIMARY KEY NOT NULL,
	"primary_id" uuid NOT NULL,
	"followed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "followed_leaders" ADD CONSTRAINT "followed_leaders_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "followed_leaders" ADD CONSTRAINT "followed_leaders_primary_id_instances_id_fk" FOREIGN KEY ("primary_id") REFERENCES "public"."instances"("id") ON DELETE cascade ON UPDATE no action;