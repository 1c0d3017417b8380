-- The same as before with less work: a pooler that is registered knows its herd at once, links are made and checked by the statement, and herds are
-- looked for only in a template that names some.
CREATE OR REPLACE FUNCTION poolers_name_herds(ids uuid[]) RETURNS void LANGUAGE sql AS $$
  UPDATE poolers p SET herd_ids = s.ids, herds = s.names FROM (
    SELECT o.id, array_agg(h.id ORDER BY h.id <> o.herd_id, h.name) AS ids, array_agg(h.name ORDER BY h.id <> o.herd_id, h.name) AS names
    FROM poolers o JOIN pooler_herds l ON l.pooler_id = o.id JOIN herds h ON h.id = l.herd_id WHERE o.id = ANY(ids) GROUP BY o.id
  ) s WHERE s.id = p.id AND (p.herd_ids, p.herds) IS DISTINCT FROM (s.ids, s.names);
$$;--> statement-breakpoint
CREATE FUNCTION poolers_herds_named(first uuid, environment uuid, template text) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
  words text := regexp_replace(coalesce(template, ''), '\s*(:|\}\})\s*', '\1', 'g');
BEGIN
  RETURN NEXT first;
  IF words LIKE '%:%}}%' THEN
    RETURN QUERY SELECT id FROM herds WHERE environment_id = environment AND id <> first AND position(':' || name || '}}' IN words) > 0;
  END IF;
END $$;--> statement-breakpoint
DROP TRIGGER poolers_link ON poolers;--> statement-breakpoint
CREATE OR REPLACE FUNCTION poolers_link() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TRIGGER pooler_herds_check ON pooler_herds;--> statement-breakpoint
DROP FUNCTION pooler_herds_check();--> statement-breakpoint
DROP TRIGGER pooler_herds_refill ON pooler_herds;--> statement-breakpoint
CREATE OR REPLACE FUNCTION pooler_herds_refill() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;
