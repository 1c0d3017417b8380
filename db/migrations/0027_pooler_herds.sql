CREATE TABLE "pooler_herds" (
	"pooler_id" uuid NOT NULL,
	"herd_id" uuid NOT NULL,
	"is_named" boolean NOT NULL,
	"databases" integer,
	"paused" text DEFAULT 'unknown' NOT NULL,
	"paused_since" timestamp with time zone,
	"waiting" integer,
	"target" text,
	"wanted" text,
	"follows" text DEFAULT 'unknown' NOT NULL,
	"because" text,
	"stale_since" timestamp with time zone,
	CONSTRAINT "pooler_herds_pooler_id_herd_id_pk" PRIMARY KEY("pooler_id","herd_id")
);
--> statement-breakpoint
ALTER TABLE "poolers" ADD COLUMN "herd_ids" uuid[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "poolers" ADD COLUMN "herds" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "pooler_herds" ADD CONSTRAINT "pooler_herds_pooler_id_poolers_id_fk" FOREIGN KEY ("pooler_id") REFERENCES "public"."poolers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pooler_herds" ADD CONSTRAINT "pooler_herds_herd_id_herds_id_fk" FOREIGN KEY ("herd_id") REFERENCES "public"."herds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pooler_herds_herd_idx" ON "pooler_herds" USING btree ("herd_id");--> statement-breakpoint
CREATE INDEX "poolers_herd_ids_idx" ON "poolers" USING gin ("herd_ids");--> statement-breakpoint
-- What lists, filters and searches read: the herd that it was registered with first, then the others by name.
CREATE FUNCTION poolers_name_herds(ids uuid[]) RETURNS void LANGUAGE sql AS $$
  UPDATE poolers p SET herd_ids = s.ids, herds = s.names FROM (
    SELECT o.id, array_agg(h.id ORDER BY h.id <> o.herd_id, h.name) AS ids, array_agg(h.name ORDER BY h.id <> o.herd_id, h.name) AS names
    FROM poolers o JOIN pooler_herds l ON l.pooler_id = o.id JOIN herds h ON h.id = l.herd_id WHERE o.id = ANY(ids) GROUP BY o.id
  ) s WHERE s.id = p.id AND (p.herd_ids, p.herds) IS DISTINCT FROM (s.ids, s.names);
$$;--> statement-breakpoint
-- One environment on both sides, as for the herd that a pooler is registered with. By the statement, since one may bring thousands.
CREATE FUNCTION pooler_herds_refill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM touched l JOIN poolers p ON p.id = l.pooler_id JOIN herds h ON h.id = l.herd_id
    WHERE TG_OP = 'INSERT' AND h.environment_id <> p.environment_id
  ) THEN
    RAISE EXCEPTION 'a pooler serves herds of its own environment' USING ERRCODE = 'check_violation', CONSTRAINT = 'pooler_herds_environment_check';
  END IF;
  PERFORM poolers_name_herds(array(SELECT DISTINCT pooler_id FROM touched));
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER pooler_herds_linked AFTER INSERT ON pooler_herds REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION pooler_herds_refill();--> statement-breakpoint
CREATE TRIGGER pooler_herds_left AFTER DELETE ON pooler_herds REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION pooler_herds_refill();--> statement-breakpoint
-- The herd that it is registered with, and those that its template names: {{host:orders}}. Herds are looked for only where it names some.
CREATE FUNCTION poolers_herds_named(first uuid, environment uuid, template text) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
  words text := regexp_replace(coalesce(template, ''), '\s*(:|\}\})\s*', '\1', 'g');
BEGIN
  RETURN NEXT first;
  IF words LIKE '%:%}}%' THEN
    RETURN QUERY SELECT id FROM herds WHERE environment_id = environment AND id <> first AND position(':' || name || '}}' IN words) > 0;
  END IF;
END $$;--> statement-breakpoint
CREATE FUNCTION poolers_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  named uuid[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO pooler_herds (pooler_id, herd_id, is_named)
      SELECT f.id, n, true FROM fresh f CROSS JOIN LATERAL poolers_herds_named(f.herd_id, f.environment_id, f.template) n;
    RETURN NULL;
  END IF;
  named := array(SELECT poolers_herds_named(NEW.herd_id, NEW.environment_id, NEW.template));
  DELETE FROM pooler_herds l USING herds h WHERE l.pooler_id = NEW.id AND h.id = l.herd_id AND h.environment_id <> NEW.environment_id;
  UPDATE pooler_herds SET is_named = herd_id = ANY(named) WHERE pooler_id = NEW.id AND is_named <> (herd_id = ANY(named));
  INSERT INTO pooler_herds (pooler_id, herd_id, is_named) SELECT NEW.id, unnest(named), true ON CONFLICT DO NOTHING;
  PERFORM poolers_name_herds(ARRAY[NEW.id]);
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER poolers_link_new AFTER INSERT ON poolers REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION poolers_link();--> statement-breakpoint
CREATE TRIGGER poolers_link AFTER UPDATE OF herd_id, environment_id, template ON poolers FOR EACH ROW EXECUTE FUNCTION poolers_link();--> statement-breakpoint
CREATE OR REPLACE FUNCTION poolers_fill() RETURNS trigger LANGUAGE plpgsql AS $$
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
  IF TG_OP = 'INSERT' THEN
    NEW.herd_ids := ARRAY[herd.id];
    NEW.herds := ARRAY[herd.name];
  END IF;
  NEW.environment_id := herd.environment_id;
  NEW.title := NEW.name || ' on ' || host.hostname;
  NEW.search_text := lower(concat_ws(' ', NEW.name, herd.name, array_to_string(array_remove(NEW.herds, herd.name), ' '), host.hostname, host.address));
  RETURN NEW;
END $$;--> statement-breakpoint
DROP TRIGGER poolers_fill ON poolers;--> statement-breakpoint
CREATE TRIGGER poolers_fill BEFORE INSERT OR UPDATE OF herd_id, server_id, name, herds ON poolers
  FOR EACH ROW EXECUTE FUNCTION poolers_fill();--> statement-breakpoint
-- A template goes on naming a herd that gets another name.
CREATE OR REPLACE FUNCTION poolers_refill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'herds' THEN
    UPDATE poolers SET template = replace(template, ':' || OLD.name || '}}', ':' || NEW.name || '}}')
    WHERE herd_ids @> ARRAY[NEW.id] AND position(':' || OLD.name || '}}' IN template) > 0;
    PERFORM poolers_name_herds(array(SELECT pooler_id FROM pooler_herds WHERE herd_id = NEW.id));
  ELSE
    UPDATE poolers SET server_id = server_id WHERE server_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE FUNCTION herds_leave_poolers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM pooler_herds l USING poolers p WHERE p.id = l.pooler_id AND l.herd_id = NEW.id AND p.environment_id <> NEW.environment_id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER herds_leave_poolers AFTER UPDATE OF environment_id ON herds FOR EACH ROW
  WHEN (OLD.environment_id <> NEW.environment_id) EXECUTE FUNCTION herds_leave_poolers();--> statement-breakpoint
-- Whom a pooler is registered with is a matter of the console's own: its lines go on leading where they lead.
CREATE FUNCTION poolers_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was text;
BEGIN
  SELECT name INTO was FROM herds WHERE id = OLD.herd_id;
  -- A template that is changed too means the new herd.
  IF was IS NULL OR NEW.template IS DISTINCT FROM OLD.template THEN
    RETURN NEW;
  END IF;
  was := replace(was, '\', '\\');
  NEW.template := regexp_replace(NEW.template, '\{\{\s*(host|port|hostname)\s*\}\}', '{{\1:' || was || '}}', 'g');
  NEW.template := regexp_replace(NEW.template, '\{\{\s*herd\s*\}\}', was, 'g');
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER poolers_keep_words BEFORE UPDATE OF herd_id ON poolers FOR EACH ROW
  WHEN (OLD.herd_id <> NEW.herd_id) EXECUTE FUNCTION poolers_keep_words();--> statement-breakpoint
-- A pooler that serves other herds too stays with the first of those; one that serves no other goes with its herd.
CREATE FUNCTION herds_hand_poolers_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE poolers p SET herd_id = s.herd_id FROM (
    SELECT DISTINCT ON (l.pooler_id) l.pooler_id, l.herd_id FROM pooler_herds l JOIN herds h ON h.id = l.herd_id
    WHERE l.herd_id <> OLD.id ORDER BY l.pooler_id, h.name
  ) s WHERE s.pooler_id = p.id AND p.herd_id = OLD.id;
  RETURN OLD;
END $$;--> statement-breakpoint
CREATE TRIGGER herds_hand_poolers_on BEFORE DELETE ON herds FOR EACH ROW EXECUTE FUNCTION herds_hand_poolers_on();--> statement-breakpoint
INSERT INTO pooler_herds (pooler_id, herd_id, is_named) SELECT id, herd_id, true FROM poolers;
