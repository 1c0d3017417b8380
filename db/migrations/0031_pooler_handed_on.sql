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
CREATE TRIGGER herds_hand_poolers_on BEFORE DELETE ON herds FOR EACH ROW EXECUTE FUNCTION herds_hand_poolers_on();
