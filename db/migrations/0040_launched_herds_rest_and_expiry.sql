ALTER TABLE "blueprints" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "blueprints" ADD COLUMN "is_protected" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "blueprints" ADD COLUMN "expiry_person_id" uuid;--> statement-breakpoint
ALTER TABLE "blueprints" ADD COLUMN "expiry_token_id" uuid;--> statement-breakpoint
ALTER TABLE "blueprints" ADD COLUMN "expiry_next_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "blueprints" ADD COLUMN "expiry_run_id" uuid;--> statement-breakpoint
ALTER TABLE "blueprints" ADD COLUMN "expiry_because" text;--> statement-breakpoint
ALTER TABLE "blueprints" ADD CONSTRAINT "blueprints_expiry_person_id_people_id_fk" FOREIGN KEY ("expiry_person_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
-- As before, and a herd that was stopped on purpose is stopped, not without a primary.
create or replace function herd_facts_members(ids uuid[]) returns void language plpgsql as $$
begin
  perform herd_facts_hold(ids);
  update herd_facts f set state = n.state, primary_id = n.primary_id, member_count = n.members, online_count = n.online, lag_bytes = n.lag_bytes,
    lag_seconds = n.lag_seconds, version = n.version, size_bytes = n.size_bytes, observed_at = n.observed_at, manager = n.manager
  from (
    select h.id, m.members, m.online, m.lag_bytes, m.lag_seconds, m.version, m.size_bytes, m.observed_at, coalesce(m.primary_id, m.last_primary_id) as primary_id,
      case when m.managers > 1 or m.is_several then 'several' when m.managers = 1 then m.manager when m.unlooked > 0 or m.members = 0 then 'unknown' else 'none' end as manager,
      case
        when m.members = 0 then 'empty'
        when m.primaries > greatest(1, m.identifiers) then 'split-brain'
        when m.online = 0 and exists (select from blueprints b where b.herd_id = h.id and b.stopped_at is not null) then 'stopped'
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
        count(distinct i.manager) filter (where i.manager not in ('unknown', 'none'))::int as managers, max(i.manager) filter (where i.manager not in ('unknown', 'none')) as manager,
        coalesce(bool_or(i.manager = 'several'), false) as is_several, count(*) filter (where i.manager = 'unknown')::int as unlooked,
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
  where f.herd_id = n.id and (f.state, f.primary_id, f.member_count, f.online_count, f.lag_bytes, f.lag_seconds, f.version, f.size_bytes, f.observed_at, f.manager)
    is distinct from (n.state, n.primary_id, n.members, n.online, n.lag_bytes, n.lag_seconds, n.version, n.size_bytes, n.observed_at, n.manager);
end
$$;
--> statement-breakpoint
create function herd_facts_stopped() returns trigger language plpgsql as $$
begin
  perform herd_facts_members(array[new.herd_id]);
  return null;
end
$$;
--> statement-breakpoint
create trigger blueprints_herd_facts after update of stopped_at on blueprints for each row
  when (new.herd_id is not null and old.stopped_at is distinct from new.stopped_at) execute function herd_facts_stopped();
