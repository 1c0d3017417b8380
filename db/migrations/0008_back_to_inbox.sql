-- What an agent still reports, but nobody has registered any more, waits in the inbox again: nothing it brings is silently dropped.
CREATE FUNCTION back_to_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'discovered_hosts' THEN NEW.state := 'new'; ELSE NEW.inbox := 'new'; END IF;
  NEW.changed_at := now();
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER discovered_hosts_back_to_inbox BEFORE UPDATE OF server_id ON discovered_hosts FOR EACH ROW
  WHEN (OLD.server_id IS NOT NULL AND NEW.server_id IS NULL AND NEW.state = 'accepted') EXECUTE FUNCTION back_to_inbox();--> statement-breakpoint
CREATE TRIGGER discovered_instances_back_to_inbox BEFORE UPDATE OF instance_id ON discovered_instances FOR EACH ROW
  WHEN (OLD.instance_id IS NOT NULL AND NEW.instance_id IS NULL AND NEW.inbox = 'accepted') EXECUTE FUNCTION back_to_inbox();--> statement-breakpoint
UPDATE discovered_hosts SET state = 'new' WHERE state = 'accepted' AND server_id IS NULL;--> statement-breakpoint
UPDATE discovered_instances SET inbox = 'new' WHERE inbox = 'accepted' AND instance_id IS NULL;
