CREATE TABLE "dns_names" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	"zone_id" uuid NOT NULL,
	"herd_id" uuid NOT NULL,
	"host_name" text NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"type" text DEFAULT 'CNAME' NOT NULL,
	"follows" text DEFAULT 'primary' NOT NULL,
	"carries" text DEFAULT 'hostname' NOT NULL,
	"ttl_override" integer,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"answer" text,
	"wanted" text,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "dns_names_ttl_check" CHECK ("dns_names"."ttl_override" is null or "dns_names"."ttl_override" between 0 and 86400)
);
--> statement-breakpoint
CREATE TABLE "dns_zones" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"environment_id" uuid NOT NULL,
	"name" text NOT NULL,
	"provider" text DEFAULT 'rfc2136' NOT NULL,
	"primary_host" text,
	"primary_port" integer DEFAULT 53 NOT NULL,
	"key_name" text,
	"key_algorithm" text DEFAULT 'hmac-sha256' NOT NULL,
	"sealed_key_secret" text,
	"allow_unsigned" boolean DEFAULT false NOT NULL,
	"hosted_zone_id" text,
	"region" text DEFAULT 'us-east-1' NOT NULL,
	"endpoint" text,
	"access_key_id" text,
	"sealed_access_secret" text,
	"authoritative_servers" text[] DEFAULT '{}' NOT NULL,
	"resolvers" text[] DEFAULT '{}' NOT NULL,
	"host_domain" text,
	"ttl_seconds" integer DEFAULT 60 NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "dns_zones_id_environment_key" UNIQUE("id","environment_id"),
	CONSTRAINT "dns_zones_primary_port_check" CHECK ("dns_zones"."primary_port" between 1 and 65535),
	CONSTRAINT "dns_zones_ttl_check" CHECK ("dns_zones"."ttl_seconds" between 0 and 86400)
);
--> statement-breakpoint
ALTER TABLE "dns_names" ADD CONSTRAINT "dns_names_zone_fk" FOREIGN KEY ("zone_id","environment_id") REFERENCES "public"."dns_zones"("id","environment_id") ON DELETE restrict ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "dns_names" ADD CONSTRAINT "dns_names_herd_fk" FOREIGN KEY ("herd_id","environment_id") REFERENCES "public"."herds"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "dns_zones" ADD CONSTRAINT "dns_zones_environment_id_environments_id_fk" FOREIGN KEY ("environment_id") REFERENCES "public"."environments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "dns_names_once_key" ON "dns_names" USING btree ("zone_id","name","type");--> statement-breakpoint
CREATE INDEX "dns_names_herd_idx" ON "dns_names" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "dns_names_environment_idx" ON "dns_names" USING btree ("environment_id","name");--> statement-breakpoint
CREATE INDEX "dns_names_name_idx" ON "dns_names" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "dns_names_state_idx" ON "dns_names" USING btree ("state","name");--> statement-breakpoint
CREATE INDEX "dns_names_name_trgm" ON "dns_names" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "dns_zones_name_key" ON "dns_zones" USING btree ("environment_id",lower("name"));--> statement-breakpoint
CREATE INDEX "dns_zones_name_idx" ON "dns_zones" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "dns_zones_name_trgm" ON "dns_zones" USING gin ("name" gin_trgm_ops);--> statement-breakpoint
-- A name carries its whole name and its environment, so that lists sort, filter and search without a join. A host name that already ends with the zone is whole.
CREATE FUNCTION dns_names_fill() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  zone text;
  home uuid;
BEGIN
  SELECT lower(z.name) INTO zone FROM dns_zones z WHERE z.id = NEW.zone_id;
  SELECT h.environment_id INTO home FROM herds h WHERE h.id = NEW.herd_id;
  -- A zone or herd that does not exist is left to the foreign keys, which name it.
  IF zone IS NULL OR home IS NULL THEN
    RETURN NEW;
  END IF;
  NEW.environment_id := home;
  NEW.name := CASE
    WHEN lower(NEW.host_name) = zone OR right(lower(NEW.host_name), length(zone) + 1) = '.' || zone THEN lower(NEW.host_name)
    ELSE lower(NEW.host_name) || '.' || zone
  END;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER dns_names_fill BEFORE INSERT OR UPDATE OF zone_id, herd_id, host_name ON dns_names
  FOR EACH ROW EXECUTE FUNCTION dns_names_fill();--> statement-breakpoint
CREATE FUNCTION dns_zones_refill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE dns_names SET zone_id = zone_id WHERE zone_id = NEW.id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER dns_zones_refill AFTER UPDATE ON dns_zones FOR EACH ROW
  WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION dns_zones_refill();
