-- An instance carries what it takes from its herd and its server, so that lists sort, filter and search without a join.
create function instances_fill() returns trigger language plpgsql as $$
declare
  herd herds%rowtype;
  host servers%rowtype;
begin
  select * into herd from herds where id = new.herd_id;
  select * into host from servers where id = new.server_id;
  -- A herd or server that does not exist is left to the foreign keys, which name it.
  if herd.id is null or host.id is null then
    return new;
  end if;
  new.environment_id := herd.environment_id;
  new.port := coalesce(new.port_override, herd.port);
  new.data_directory := coalesce(new.data_directory_override, herd.data_directory);
  new.title := herd.name || ' on ' || host.hostname;
  new.search_text := lower(concat_ws(' ', herd.name, herd.base_name, host.hostname, host.address, herd.virtual_host));
  return new;
end
$$;
--> statement-breakpoint
create trigger instances_fill before insert or update of herd_id, server_id, port_override, data_directory_override on instances
  for each row execute function instances_fill();
--> statement-breakpoint
-- Naming the column in SET is what fires instances_fill.
create function herds_refill() returns trigger language plpgsql as $$
begin
  update instances set herd_id = herd_id where herd_id = new.id;
  return null;
end
$$;
--> statement-breakpoint
create trigger herds_refill after update on herds for each row
  when ((old.name, old.base_name, old.virtual_host, old.port, old.data_directory)
    is distinct from (new.name, new.base_name, new.virtual_host, new.port, new.data_directory))
  execute function herds_refill();
--> statement-breakpoint
create function servers_refill() returns trigger language plpgsql as $$
begin
  update instances set server_id = server_id where server_id = new.id;
  return null;
end
$$;
--> statement-breakpoint
create trigger servers_refill after update on servers for each row
  when ((old.hostname, old.address) is distinct from (new.hostname, new.address))
  execute function servers_refill();
--> statement-breakpoint
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
END $$;
--> statement-breakpoint
CREATE TRIGGER dns_names_fill BEFORE INSERT OR UPDATE OF zone_id, herd_id, host_name ON dns_names
  FOR EACH ROW EXECUTE FUNCTION dns_names_fill();
--> statement-breakpoint
CREATE FUNCTION dns_zones_refill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE dns_names SET zone_id = zone_id WHERE zone_id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER dns_zones_refill AFTER UPDATE ON dns_zones FOR EACH ROW
  WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION dns_zones_refill();
--> statement-breakpoint
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
  IF TG_OP = 'INSERT' THEN
    NEW.herd_ids := ARRAY[herd.id];
    NEW.herds := ARRAY[herd.name];
  END IF;
  NEW.environment_id := herd.environment_id;
  NEW.title := NEW.name || ' on ' || host.hostname;
  NEW.search_text := lower(concat_ws(' ', NEW.name, herd.name, array_to_string(array_remove(NEW.herds, herd.name), ' '), host.hostname, host.address));
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER poolers_fill BEFORE INSERT OR UPDATE OF herd_id, server_id, name, herds ON poolers
  FOR EACH ROW EXECUTE FUNCTION poolers_fill();
--> statement-breakpoint
-- What lists, filters and searches read: the herd that it was registered with first, then the others by name.
CREATE FUNCTION poolers_name_herds(ids uuid[]) RETURNS void LANGUAGE sql AS $$
  UPDATE poolers p SET herd_ids = s.ids, herds = s.names FROM (
    SELECT o.id, array_agg(h.id ORDER BY h.id <> o.herd_id, h.name) AS ids, array_agg(h.name ORDER BY h.id <> o.herd_id, h.name) AS names
    FROM poolers o JOIN pooler_herds l ON l.pooler_id = o.id JOIN herds h ON h.id = l.herd_id WHERE o.id = ANY(ids) GROUP BY o.id
  ) s WHERE s.id = p.id AND (p.herd_ids, p.herds) IS DISTINCT FROM (s.ids, s.names);
$$;
--> statement-breakpoint
-- A template goes on naming a herd that gets another name.
CREATE FUNCTION poolers_refill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'herds' THEN
    UPDATE poolers SET template = replace(template, ':' || OLD.name || '}}', ':' || NEW.name || '}}')
    WHERE herd_ids @> ARRAY[NEW.id] AND position(':' || OLD.name || '}}' IN template) > 0;
    PERFORM poolers_name_herds(array(SELECT pooler_id FROM pooler_herds WHERE herd_id = NEW.id));
  ELSE
    UPDATE poolers SET server_id = server_id WHERE server_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER herds_poolers_refill AFTER UPDATE ON herds FOR EACH ROW
  WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION poolers_refill();
--> statement-breakpoint
CREATE TRIGGER servers_poolers_refill AFTER UPDATE ON servers FOR EACH ROW
  WHEN ((OLD.hostname, OLD.address) IS DISTINCT FROM (NEW.hostname, NEW.address)) EXECUTE FUNCTION poolers_refill();
--> statement-breakpoint
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
END $$;
--> statement-breakpoint
CREATE TRIGGER pooler_herds_linked AFTER INSERT ON pooler_herds REFERENCING NEW TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION pooler_herds_refill();
--> statement-breakpoint
CREATE TRIGGER pooler_herds_left AFTER DELETE ON pooler_herds REFERENCING OLD TABLE AS touched
  FOR EACH STATEMENT EXECUTE FUNCTION pooler_herds_refill();
--> statement-breakpoint
-- The herd that it is registered with, and those that its template names: {{host:orders}}. Herds are looked for only where it names some.
CREATE FUNCTION poolers_herds_named(first uuid, environment uuid, template text) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
  words text := regexp_replace(coalesce(template, ''), '\s*(:|\}\})\s*', '\1', 'g');
BEGIN
  RETURN NEXT first;
  IF words LIKE '%:%}}%' THEN
    RETURN QUERY SELECT id FROM herds WHERE environment_id = environment AND id <> first AND position(':' || name || '}}' IN words) > 0;
  END IF;
END $$;
--> statement-breakpoint
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
END $$;
--> statement-breakpoint
CREATE TRIGGER poolers_link_new AFTER INSERT ON poolers REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION poolers_link();
--> statement-breakpoint
CREATE TRIGGER poolers_link AFTER UPDATE OF herd_id, environment_id, template ON poolers FOR EACH ROW EXECUTE FUNCTION poolers_link();
--> statement-breakpoint
CREATE FUNCTION herds_leave_poolers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM pooler_herds l USING poolers p WHERE p.id = l.pooler_id AND l.herd_id = NEW.id AND p.environment_id <> NEW.environment_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER herds_leave_poolers AFTER UPDATE OF environment_id ON herds FOR EACH ROW
  WHEN (OLD.environment_id <> NEW.environment_id) EXECUTE FUNCTION herds_leave_poolers();
--> statement-breakpoint
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
END $$;
--> statement-breakpoint
CREATE TRIGGER poolers_keep_words BEFORE UPDATE OF herd_id ON poolers FOR EACH ROW
  WHEN (OLD.herd_id <> NEW.herd_id) EXECUTE FUNCTION poolers_keep_words();
--> statement-breakpoint
-- A pooler that serves other herds too stays with the first of those; one that serves no other goes with its herd.
CREATE FUNCTION herds_hand_poolers_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE poolers p SET herd_id = s.herd_id FROM (
    SELECT DISTINCT ON (l.pooler_id) l.pooler_id, l.herd_id FROM pooler_herds l JOIN herds h ON h.id = l.herd_id
    WHERE l.herd_id <> OLD.id ORDER BY l.pooler_id, h.name
  ) s WHERE s.pooler_id = p.id AND p.herd_id = OLD.id;
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER herds_hand_poolers_on BEFORE DELETE ON herds FOR EACH ROW EXECUTE FUNCTION herds_hand_poolers_on();
--> statement-breakpoint
-- What the list of herds shows of each is kept in herd_facts, in four parts, each written where it changes. Whoever writes a herd's row waits for the one
-- before, and only then reads, so that of two writers the later one has seen what both brought; rows are taken in one order, so that two batches never
-- wait for each other in a circle.
create function herd_facts_hold(ids uuid[]) returns void language plpgsql as $$
begin
  perform from herd_facts where herd_id = any(ids) order by herd_id for no key update;
end
$$;
--> statement-breakpoint
-- Of the members, as they were last seen. db/fleet/derive.ts calls it after every look; the triggers below when members come and go, and when an
-- environment allows another lag.
create function herd_facts_members(ids uuid[]) returns void language plpgsql as $$
begin
  perform herd_facts_hold(ids);
  update herd_facts f set state = n.state, primary_id = n.primary_id, member_count = n.members, online_count = n.online, lag_bytes = n.lag_bytes,
    lag_seconds = n.lag_seconds, version = n.version, size_bytes = n.size_bytes, observed_at = n.observed_at
  from (
    select h.id, m.members, m.online, m.lag_bytes, m.lag_seconds, m.version, m.size_bytes, m.observed_at, coalesce(m.primary_id, m.last_primary_id) as primary_id,
      case
        when m.members = 0 then 'empty'
        when m.primaries > greatest(1, m.identifiers) then 'split-brain'
        when m.primaries = 0 then 'no-primary'
        when m.primaries > 1 then 'mixed'
        when m.broken > 0 then 'degraded'
        when m.unseen > 0 then 'stale'
        when m.lagging > 0 then 'lagging'
        else 'healthy'
      end as state
    from (select distinct id from unnest(ids) a (id)) a join herds h on h.id = a.id join environments v on v.id = h.environment_id
    cross join lateral (
      select count(*)::int as members, count(*) filter (where i.state = 'online')::int as online,
        count(*) filter (where i.state = 'online' and i.role = 'primary')::int as primaries,
        count(distinct coalesce(i.system_identifier, '')) filter (where i.state = 'online' and i.role = 'primary')::int as identifiers,
        count(*) filter (where i.state not in ('online', 'unknown', 'starting', 'stopping')
          or i.state = 'online' and i.role = 'standby' and i.sync_state is null and (i.upstream_id is not null or i.upstream_host is null)
          or i.is_replay_paused)::int as broken,
        count(*) filter (where i.observed_at is null or i.state = 'unknown')::int as unseen,
        count(*) filter (where i.role = 'standby' and (i.lag_bytes > v.lag_bytes_max or i.lag_seconds > v.lag_seconds_max))::int as lagging,
        max(i.lag_bytes) as lag_bytes, max(i.lag_seconds) as lag_seconds, min(i.observed_at) as observed_at,
        (max(i.id::text) filter (where i.state = 'online' and i.role = 'primary'))::uuid as primary_id,
        (max(i.id::text) filter (where i.role = 'primary'))::uuid as last_primary_id,
        coalesce(max(i.version) filter (where i.state = 'online' and i.role = 'primary'), max(i.version)) as version,
        coalesce(max(i.size_bytes) filter (where i.state = 'online' and i.role = 'primary'), max(i.size_bytes)) as size_bytes
      from instances i where i.herd_id = h.id
    ) m
  ) n
  where f.herd_id = n.id and (f.state, f.primary_id, f.member_count, f.online_count, f.lag_bytes, f.lag_seconds, f.version, f.size_bytes, f.observed_at)
    is distinct from (n.state, n.primary_id, n.members, n.online, n.lag_bytes, n.lag_seconds, n.version, n.size_bytes, n.observed_at);
end
$$;
--> statement-breakpoint
create function herd_facts_poolers(ids uuid[]) returns void language plpgsql as $$
begin
  perform herd_facts_hold(ids);
  update herd_facts f set pooler_count = n.poolers, pooler_state = n.state
  from (select distinct id from unnest(ids) a (id)) a cross join lateral (
    select count(*)::int as poolers,
      case max(case when l.paused in ('some', 'all') then 4 when l.follows = 'stale' then 3 when o.state in ('stopped', 'refused', 'unreachable') then 2
          when o.state = 'unknown' or l.follows = 'unknown' then 1 else 0 end)
        when 4 then 'paused' when 3 then 'stale' when 2 then 'down' when 1 then 'unknown' when 0 then 'right' end as state
    from pooler_herds l join poolers o on o.id = l.pooler_id where l.herd_id = a.id
  ) n
  where f.herd_id = a.id and (f.pooler_count, f.pooler_state) is distinct from (n.poolers, n.state);
end
$$;
--> statement-breakpoint
create function herd_facts_names(ids uuid[]) returns void language plpgsql as $$
begin
  perform herd_facts_hold(ids);
  update herd_facts f set dns_state = n.state
  from (select distinct id from unnest(ids) a (id)) a cross join lateral (
    select case max(case d.state when 'wrong' then 2 when 'unknown' then 1 else 0 end) when 2 then 'wrong' when 1 then 'unknown' when 0 then 'right' end as state
    from dns_names d where d.herd_id = a.id
  ) n
  where f.herd_id = a.id and f.dns_state is distinct from n.state;
end
$$;
--> statement-breakpoint
create function herd_facts_moves(ids uuid[]) returns void language plpgsql as $$
begin
  perform herd_facts_hold(ids);
  update herd_facts f set certificate_id = n.id, certificate_verdict = n.verdict, moved_at = n.issued_at
  from (select distinct id from unnest(ids) a (id)) a left join lateral (
    select c.id, c.verdict, c.issued_at from certificates c where c.herd_id = a.id order by c.issued_at desc, c.id limit 1
  ) n on true
  where f.herd_id = a.id and (f.certificate_id, f.certificate_verdict, f.moved_at) is distinct from (n.id, n.verdict, n.issued_at);
end
$$;
--> statement-breakpoint
create function herd_facts_open() returns trigger language plpgsql as $$
begin
  insert into herd_facts (herd_id, environment_id, name, preferred_site) select id, environment_id, name, preferred_site from fresh;
  return null;
end
$$;
--> statement-breakpoint
create trigger herds_facts_open after insert on herds referencing new table as fresh for each statement execute function herd_facts_open();
--> statement-breakpoint
-- One for all: `touched` are the rows that came or went. Its argument says which part they are of.
create function herd_facts_touched() returns trigger language plpgsql as $$
begin
  execute format('select herd_facts_%s(array(select distinct herd_id from touched where herd_id is not null))', tg_argv[0]);
  return null;
end
$$;
--> statement-breakpoint
create trigger instances_herd_facts_new after insert on instances referencing new table as touched
  for each statement execute function herd_facts_touched('members');
--> statement-breakpoint
create trigger instances_herd_facts_gone after delete on instances referencing old table as touched
  for each statement execute function herd_facts_touched('members');
--> statement-breakpoint
create trigger pooler_herds_herd_facts_new after insert on pooler_herds referencing new table as touched
  for each statement execute function herd_facts_touched('poolers');
--> statement-breakpoint
create trigger pooler_herds_herd_facts after update on pooler_herds referencing new table as touched
  for each statement execute function herd_facts_touched('poolers');
--> statement-breakpoint
create trigger pooler_herds_herd_facts_gone after delete on pooler_herds referencing old table as touched
  for each statement execute function herd_facts_touched('poolers');
--> statement-breakpoint
create trigger dns_names_herd_facts_new after insert on dns_names referencing new table as touched
  for each statement execute function herd_facts_touched('names');
--> statement-breakpoint
create trigger dns_names_herd_facts_gone after delete on dns_names referencing old table as touched
  for each statement execute function herd_facts_touched('names');
--> statement-breakpoint
create trigger certificates_herd_facts_new after insert on certificates referencing new table as touched
  for each statement execute function herd_facts_touched('moves');
--> statement-breakpoint
create trigger certificates_herd_facts_gone after delete on certificates referencing old table as touched
  for each statement execute function herd_facts_touched('moves');
--> statement-breakpoint
create function herd_facts_changed() returns trigger language plpgsql as $$
begin
  case tg_table_name
    when 'environments' then perform herd_facts_members(array(select id from herds where environment_id = new.id));
    when 'herds' then
      update herd_facts set environment_id = new.environment_id, name = new.name, preferred_site = new.preferred_site where herd_id = new.id;
      perform herd_facts_members(array[new.id]);
    when 'instances' then perform herd_facts_members(array[old.herd_id, new.herd_id]);
  end case;
  return null;
end
$$;
--> statement-breakpoint
create trigger environments_herd_facts after update of lag_bytes_max, lag_seconds_max on environments for each row
  when ((old.lag_bytes_max, old.lag_seconds_max) is distinct from (new.lag_bytes_max, new.lag_seconds_max)) execute function herd_facts_changed();
--> statement-breakpoint
create trigger herds_herd_facts after update on herds for each row
  when ((old.environment_id, old.name, old.preferred_site) is distinct from (new.environment_id, new.name, new.preferred_site)) execute function herd_facts_changed();
--> statement-breakpoint
create trigger instances_herd_facts_moved after update of herd_id on instances for each row
  when (old.herd_id <> new.herd_id) execute function herd_facts_changed();
--> statement-breakpoint
-- A look that found nothing new touches no herd.
create function herd_facts_seen() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'poolers' then
    perform herd_facts_poolers(array(select distinct l.herd_id from was join fresh using (id) join pooler_herds l on l.pooler_id = fresh.id where was.state <> fresh.state));
  else
    perform herd_facts_names(array(select h from was join fresh using (id) cross join lateral (values (was.herd_id), (fresh.herd_id)) t (h)
      where (was.state, was.herd_id) is distinct from (fresh.state, fresh.herd_id)));
  end if;
  return null;
end
$$;
--> statement-breakpoint
create trigger poolers_herd_facts after update on poolers referencing old table as was new table as fresh
  for each statement execute function herd_facts_seen();
--> statement-breakpoint
create trigger dns_names_herd_facts after update on dns_names referencing old table as was new table as fresh
  for each statement execute function herd_facts_seen();
--> statement-breakpoint
-- What an agent still reports, but nobody has registered any more, waits in the inbox again: nothing it brings is silently dropped.
CREATE FUNCTION back_to_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'discovered_hosts' THEN NEW.state := 'new'; ELSE NEW.inbox := 'new'; END IF;
  NEW.changed_at := now();
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER discovered_hosts_back_to_inbox BEFORE UPDATE OF server_id ON discovered_hosts FOR EACH ROW
  WHEN (OLD.server_id IS NOT NULL AND NEW.server_id IS NULL AND NEW.state = 'accepted') EXECUTE FUNCTION back_to_inbox();
--> statement-breakpoint
CREATE TRIGGER discovered_instances_back_to_inbox BEFORE UPDATE OF instance_id ON discovered_instances FOR EACH ROW
  WHEN (OLD.instance_id IS NOT NULL AND NEW.instance_id IS NULL AND NEW.inbox = 'accepted') EXECUTE FUNCTION back_to_inbox();
--> statement-breakpoint
-- The report of a failover is the journal of its job: it is kept with every step, in the journal's own transaction.
create function keep_failover() returns trigger language plpgsql as $$
declare
  facts jsonb;
begin
  select data->'facts' into facts from journal where job_id = new.id and kind = 'gathered' order by seq desc limit 1;
  if facts is null then
    return null;
  end if;
  insert into failovers (id, run_id, herd_id, environment_id, title, state, because, mode, old_primary, new_primary, loss_bytes, actor_name, reason,
    started_at, finished_at, lines)
  select new.id, new.run_id, new.herd_id, new.environment_id, new.title, new.state, new.because, coalesce(facts->>'mode', 'planned'),
    facts->'primary'->>'title', facts->'candidate'->>'title', (facts->>'lossBytes')::bigint, r.actor_name, r.reason, new.started_at, new.finished_at,
    (select coalesce(jsonb_agg(l.data || jsonb_strip_nulls(jsonb_build_object('kind', l.kind, 'step', l.step, 'seq', l.seq, 'at', l.at)) order by l.seq), '[]')
      from journal l where l.job_id = new.id)
  from runs r where r.id = new.run_id
  on conflict (id) do update set state = excluded.state, because = excluded.because, started_at = excluded.started_at,
    finished_at = excluded.finished_at, lines = excluded.lines, mode = excluded.mode, old_primary = excluded.old_primary,
    new_primary = excluded.new_primary, loss_bytes = excluded.loss_bytes;
  return null;
end
$$;
--> statement-breakpoint
create trigger jobs_keep_failover after update on jobs for each row
  when (new.operation in ('failover', 'switchover') and (new.state, new.step) is distinct from (old.state, old.step))
  execute function keep_failover();
--> statement-breakpoint
create function is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;
--> statement-breakpoint
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function is_append_only();
--> statement-breakpoint
-- Lines go only with their job.
create trigger journal_append_only before update on journal
  for each statement execute function is_append_only();
--> statement-breakpoint
-- Observed values are rewritten often: room in each page keeps those updates within it, and a large probe is kept out of the row.
alter table instances set (fillfactor = 80, toast_tuple_target = 1024, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
--> statement-breakpoint
alter table servers set (fillfactor = 80, toast_tuple_target = 1024);
--> statement-breakpoint
-- Each report rewrites these rows: room on the page lets the new version stay there, with no index touched.
ALTER TABLE "discovered_hosts" SET (fillfactor = 60);
--> statement-breakpoint
ALTER TABLE "discovered_instances" SET (fillfactor = 60);
--> statement-breakpoint
alter table herd_facts set (fillfactor = 60);
--> statement-breakpoint

create trigger audit_checkpoints_append_only before update or delete or truncate on audit_checkpoints
  for each statement execute function is_append_only();
--> statement-breakpoint

-- Compressed where that helps, and beside its row: a chart reads every one it finds.
ALTER TABLE "samples_hourly" ALTER COLUMN "codes" SET STORAGE MAIN;--> statement-breakpoint
-- A figure in two bytes, within 0.05 % (near zero within 0.0005), up to 10^14 either way; the least smallint stands for what is not known.
CREATE FUNCTION sample_code(figure double precision) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  select case when figure is null then -32768 else greatest(-32767, least(32767, sign(figure) * round(1000 * ln(1 + abs(figure)))))  end::smallint
$$;--> statement-breakpoint
CREATE FUNCTION sample_value(code smallint) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  select case when code <> -32768 then sign(code::float8) * (exp(abs(code::float8) / 1000) - 1) end
$$;
