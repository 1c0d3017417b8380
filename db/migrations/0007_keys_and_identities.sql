-- One key for all environments opened the hosts of each with the rights of any: it is gone, and each environment's own key goes on its hosts.
DELETE FROM "console_keys" WHERE "environment_id" IS NULL OR "environment_id" NOT IN (SELECT "id" FROM "environments");--> statement-breakpoint
ALTER TABLE "instances" DROP CONSTRAINT "instances_server_id_servers_id_fk";
--> statement-breakpoint
DROP INDEX "console_keys_environment_key";--> statement-breakpoint
ALTER TABLE "console_keys" ALTER COLUMN "environment_id" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD COLUMN "next_token_hash" text;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD COLUMN "next_token_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD COLUMN "next_token_from" text;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD COLUMN "suggested_server_id" uuid;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "lowering_allowed_by" uuid;--> statement-breakpoint
ALTER TABLE "environments" ADD COLUMN "lowering_allowed_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "machine_id" text;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "machine_id_offered" text;--> statement-breakpoint
ALTER TABLE "servers" ADD COLUMN "accepts_key" uuid;--> statement-breakpoint
ALTER TABLE "dns_zones" ADD COLUMN "uses_worker_role" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "console_keys" ADD COLUMN "state" text DEFAULT 'current' NOT NULL;--> statement-breakpoint
ALTER TABLE "discovered_hosts" ADD CONSTRAINT "discovered_hosts_suggested_server_id_servers_id_fk" FOREIGN KEY ("suggested_server_id") REFERENCES "public"."servers"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_server_fk" FOREIGN KEY ("server_id","environment_id") REFERENCES "public"."servers"("id","environment_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "console_keys" ADD CONSTRAINT "console_keys_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "discovered_hosts_next_token_key" ON "discovered_hosts" USING btree ("next_token_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "servers_address_key" ON "servers" USING btree (lower("address"),"ssh_port");--> statement-breakpoint
CREATE UNIQUE INDEX "servers_host_key_key" ON "servers" USING btree ("host_key");--> statement-breakpoint
CREATE UNIQUE INDEX "servers_machine_id_key" ON "servers" USING btree ("machine_id");--> statement-breakpoint
CREATE UNIQUE INDEX "console_keys_environment_key" ON "console_keys" USING btree ("environment_id","state");