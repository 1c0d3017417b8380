-- A state lasts until the next one, whatever that is: an outage that is seen in two ways is two spans, one after the other.
create or replace function instances_tell_events() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  seen timestamptz := coalesce(greatest(new.observed_at, (new.probe->>'lookedAt')::timestamptz), now());
begin
  if new.state is distinct from old.state then
    update fleet_events set ended_at = greatest(at, seen)
      where server_id = new.server_id and instance_id = new.id and kind = 'state' and ended_at is null;
    insert into fleet_events (at, kind, instance_id, herd_id, server_id, environment_id, title, was, became, because, ended_at)
      values (seen, 'state', new.id, new.herd_id, new.server_id, new.environment_id, new.title, old.state, new.state, new.because,
        case when new.state = 'online' then seen end);
  end if;
  if new.role is distinct from old.role and old.role in ('primary', 'standby') and new.role in ('primary', 'standby') then
    insert into fleet_events (at, kind, instance_id, herd_id, server_id, environment_id, title, was, became)
      values (seen, 'role', new.id, new.herd_id, new.server_id, new.environment_id, new.title, old.role, new.role);
  end if;
  if new.timeline <> old.timeline then
    insert into fleet_events (at, kind, instance_id, herd_id, server_id, environment_id, title, was, became)
      values (seen, 'timeline', new.id, new.herd_id, new.server_id, new.environment_id, new.title, old.timeline, new.timeline);
  end if;
  if new.postmaster_started_at > old.postmaster_started_at + interval '2 s' then
    insert into fleet_events (at, kind, instance_id, herd_id, server_id, environment_id, title, was, became)
      values (seen, 'restart', new.id, new.herd_id, new.server_id, new.environment_id, new.title,
        to_char(old.postmaster_started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        to_char(new.postmaster_started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
  end if;
  return null;
end $$;
--> statement-breakpoint
create or replace function servers_tell_events() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update fleet_events set ended_at = greatest(at, new.observed_at)
    where server_id = new.id and instance_id is null and kind = 'state' and ended_at is null;
  insert into fleet_events (at, kind, server_id, environment_id, title, was, became, because, ended_at)
    values (new.observed_at, 'state', new.id, new.environment_id, new.hostname, old.state, new.state, new.because,
      case when new.state = 'reachable' then new.observed_at end);
  return null;
end $$;
--> statement-breakpoint
-- What is registered no more is looked at no more: its last state ends with its record.
create function gone_tells_events() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_table_name = 'instances' then
    update fleet_events set ended_at = greatest(at, now()) where server_id = old.server_id and instance_id = old.id and kind = 'state' and ended_at is null;
  else
    update fleet_events set ended_at = greatest(at, now()) where server_id = old.id and kind = 'state' and ended_at is null;
  end if;
  return null;
end $$;
--> statement-breakpoint
create trigger instances_gone_events after delete on instances for each row execute function gone_tells_events();
--> statement-breakpoint
create trigger servers_gone_events after delete on servers for each row execute function gone_tells_events();
