DROP INDEX "fleet_events_open_idx";--> statement-breakpoint
CREATE INDEX "fleet_events_open_member_idx" ON "fleet_events" USING btree ("instance_id") WHERE kind = 'state' and ended_at is null;--> statement-breakpoint
CREATE INDEX "fleet_events_open_host_idx" ON "fleet_events" USING btree ("server_id") WHERE kind = 'state' and ended_at is null and instance_id is null;--> statement-breakpoint
-- A member is known by its id alone: it may have been moved to another server while it was not online.
create or replace function instances_tell_events() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  seen timestamptz := coalesce(greatest(new.observed_at, (new.probe->>'lookedAt')::timestamptz), now());
begin
  if new.state is distinct from old.state then
    update fleet_events set ended_at = greatest(at, seen)
      where instance_id = new.id and kind = 'state' and ended_at is null;
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
create or replace function gone_tells_events() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_table_name = 'instances' then
    update fleet_events set ended_at = greatest(at, now()) where instance_id = old.id and kind = 'state' and ended_at is null;
  else
    update fleet_events set ended_at = greatest(at, now()) where server_id = old.id and instance_id is null and kind = 'state' and ended_at is null;
  end if;
  return null;
end $$;
--> statement-breakpoint
-- What was told before states ended with the next one: each ends where the next began; what is registered no more has ended.
with told as (
  select id, lead(at) over (partition by coalesce(instance_id, server_id), instance_id is null order by at, id) as next from fleet_events where kind = 'state'
)
update fleet_events f set ended_at = greatest(f.at, told.next) from told where told.id = f.id and f.kind = 'state' and f.ended_at is null and told.next is not null;
--> statement-breakpoint
update fleet_events f set ended_at = greatest(f.at, now()) where f.kind = 'state' and f.ended_at is null
  and case when f.instance_id is null then not exists (select from servers s where s.id = f.server_id) else not exists (select from instances i where i.id = f.instance_id) end;
