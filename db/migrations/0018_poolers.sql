CREATE TABLE "poolers" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"herd_id" uuid NOT NULL,
	"server_id" uuid NOT NULL,
	"environment_id" uuid DEFAULT '00000000-0000-0000-0000-000000000000' NOT NULL,
	"name" text DEFAULT 'pgbouncer' NOT NULL,
	"title" text DEFAULT '' NOT NULL,
	"search_text" text DEFAULT '' NOT NULL,
	"port" integer DEFAULT 6432 NOT NULL,
	"socket_directory" text DEFAULT '/var/run/postgresql' NOT NULL,
	"config_path" text DEFAULT '/etc/pgbouncer/pgbouncer.ini' NOT NULL,
	"template" text,
	"is_managed" boolean DEFAULT false NOT NULL,
	"fence" bigint DEFAULT 0 NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"state" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"version" text,
	"pool_mode" text,
	"paused" text DEFAULT 'unknown' NOT NULL,
	"paused_since" timestamp with time zone,
	"databases" integer,
	"clients" integer,
	"waiting" integer,
	"longest_wait_seconds" double precision,
	"target" text,
	"wanted" text,
	"follows" text DEFAULT 'unknown' NOT NULL,
	"stale_since" timestamp with time zone,
	"seen" jsonb,
	"observed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "poolers_server_port_key" UNIQUE("server_id","port"),
	CONSTRAINT "poolers_port_check" CHECK ("poolers"."port" between 1 and 65535)
);
--> statement-breakpoint
ALTER TABLE "poolers" ADD CONSTRAINT "poolers_herd_fk" FOREIGN KEY ("herd_id","environment_id") REFERENCES "public"."herds"("id","environment_id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "poolers" ADD CONSTRAINT "poolers_server_fk" FOREIGN KEY ("server_id","environment_id") REFERENCES "public"."servers"("id","environment_id") ON DELETE restrict ON UPDATE cascade;--> statement-breakpoint
CREATE INDEX "poolers_title_idx" ON "poolers" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "poolers_environment_idx" ON "poolers" USING btree ("environment_id","title");--> statement-breakpoint
CREATE INDEX "poolers_herd_idx" ON "poolers" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "poolers_search_trgm" ON "poolers" USING gin ("search_text" gin_trgm_ops);--> statement-breakpoint
-- A pooler carries what it takes from its herd and its server, so that lists sort, filter and search without a join.
CREATE FUNCTION poolers_fill() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  herd herds%ROWTYPE;
  host servers%ROWTYPE;
BEGIN
  SELECT * INTO herd FROM herds WHERE id = NEW.herd_id;
  SELECT * INTO host FROM servers WHERE id = NEW.server_id;
  -- A herd or server that does not exist is left to the foreign keys, which name it.
  IF herd.id IS NULL OR host.id IS NULL THEN
    RETURN NEW;
  END IF;
  NEW.environment_id := herd.environment_id;
  NEW.title := NEW.name || ' on ' || host.hostname;
  NEW.search_text := lower(concat_ws(' ', NEW.name, herd.name, host.hostname, host.address));
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER poolers_fill BEFORE INSERT OR UPDATE OF herd_id, server_id, name ON poolers
  FOR EACH ROW EXECUTE FUNCTION poolers_fill();--> statement-breakpoint
CREATE FUNCTION poolers_refill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'herds' THEN
    UPDATE poolers SET herd_id = herd_id WHERE herd_id = NEW.id;
  ELSE
    UPDATE poolers SET server_id = server_id WHERE server_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER herds_poolers_refill AFTER UPDATE ON herds FOR EACH ROW
  WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION poolers_refill();--> statement-breakpoint
CREATE TRIGGER servers_poolers_refill AFTER UPDATE ON servers FOR EACH ROW
  WHEN ((OLD.hostname, OLD.address) IS DISTINCT FROM (NEW.hostname, NEW.address)) EXECUTE FUNCTION poolers_refill();
