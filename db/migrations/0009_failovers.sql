CREATE TABLE "failovers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"herd_id" uuid,
	"environment_id" uuid,
	"title" text NOT NULL,
	"state" text NOT NULL,
	"because" text,
	"mode" text NOT NULL,
	"old_primary" text,
	"new_primary" text,
	"loss_bytes" bigint,
	"actor_name" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"lines" jsonb NOT NULL
);
--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "failover_priority" integer DEFAULT 100 NOT NULL;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "replaced_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "replaced_by_id" uuid;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "replaced_timeline" integer;--> statement-breakpoint
ALTER TABLE "instances" ADD COLUMN "replaced_because" text;--> statement-breakpoint
CREATE INDEX "failovers_started_idx" ON "failovers" USING btree ("started_at","id");--> statement-breakpoint
CREATE INDEX "failovers_herd_idx" ON "failovers" USING btree ("herd_id","started_at");--> statement-breakpoint
CREATE INDEX "failovers_environment_idx" ON "failovers" USING btree ("environment_id","started_at");--> statement-breakpoint
CREATE INDEX "failovers_title_trgm" ON "failovers" USING gin ("title" gin_trgm_ops);--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_replaced_by_fk" FOREIGN KEY ("replaced_by_id") REFERENCES "public"."instances"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "instances_replaced_idx" ON "instances" USING btree ("herd_id") WHERE replaced_at is not null;--> statement-breakpoint
ALTER TABLE "instances" ADD CONSTRAINT "instances_failover_priority_check" CHECK ("instances"."failover_priority" between 0 and 1000);--> statement-breakpoint
-- Every herd with more than one member, with its primary and the standby that would take over. The order of candidates is that of
-- lib/domain/candidates.ts as far as the last look tells: newest timeline, then received WAL, then, within 1 MB of the best, priority and site.
create view dr_pairs as
select h.id, h.id as herd_id, h.environment_id, h.name, h.search_text, h.preferred_site, m.members, m.timeline,
  m.primary_id, m.primary_state, m.candidate_id, m.candidate_site, m.lag_bytes, m.lag_seconds, m.candidates, m.observed_at,
  case
    when m.primaries > 1 then 'split-brain'
    when m.candidates = 0 then 'no-candidate'
    when m.primaries = 0 then 'primary-lost'
    when m.observed_at is null or m.observed_at < now() - interval '60 s' then 'stale'
    when m.lag_bytes > 67108864 or m.lag_seconds > 60 then 'lagging'
    else 'ready'
  end as verdict,
  f.started_at as last_failover_at, f.id as last_failover_id
from herds h
cross join lateral (
  select count(*)::int as members, max(r.herd_timeline) as timeline,
    count(*) filter (where r.role = 'primary' and r.state = 'online')::int as primaries,
    (array_agg(r.id order by r.state = 'online' desc, r.timeline desc nulls last, r.observed_at desc nulls last, r.id) filter (where r.role = 'primary'))[1] as primary_id,
    (array_agg(r.state order by r.state = 'online' desc, r.timeline desc nulls last, r.observed_at desc nulls last, r.id) filter (where r.role = 'primary'))[1] as primary_state,
    count(*) filter (where r.is_able)::int as candidates,
    (array_agg(r.id order by r.place) filter (where r.is_able))[1] as candidate_id,
    (array_agg(r.site order by r.place) filter (where r.is_able))[1] as candidate_site,
    (array_agg(r.lag_bytes order by r.place) filter (where r.is_able))[1] as lag_bytes,
    (array_agg(r.lag_seconds order by r.place) filter (where r.is_able))[1] as lag_seconds,
    coalesce((array_agg(r.observed_at order by r.place) filter (where r.is_able))[1], max(r.observed_at)) as observed_at
  from (
    select b.*, row_number() over (order by b.is_able desc, b.timeline desc, b.best - b.lsn <= 1048576 desc,
        case when b.best - b.lsn <= 1048576 then b.failover_priority end desc nulls last,
        b.best - b.lsn <= 1048576 and b.site = h.preferred_site desc, b.lsn desc, b.failover_priority desc, b.title) as place
    from (
      select a.*, max(a.lsn) filter (where a.is_able) over (partition by a.timeline) as best
      from (
        select i.id, i.title, i.state, i.role, i.timeline, i.lag_bytes, i.lag_seconds, i.observed_at, i.failover_priority, s.site,
          greatest(i.received_lsn::pg_lsn, i.replayed_lsn::pg_lsn) as lsn,
          max(i.timeline) filter (where i.role = 'primary') over () as herd_timeline,
          i.role = 'standby' and i.state = 'online' and i.observed_at is not null and i.failover_priority > 0 and i.timeline is not null
            and coalesce(i.received_lsn, i.replayed_lsn) is not null
            and (h.system_identifier is null or i.system_identifier is null or i.system_identifier = h.system_identifier)
            and i.timeline >= coalesce(max(i.timeline) filter (where i.role = 'primary') over (), 0) as is_able
        from instances i join servers s on s.id = i.server_id
        where i.herd_id = h.id
      ) a
    ) b
  ) r
) m
left join lateral (
  select f.id, f.started_at from failovers f where f.herd_id = h.id order by f.started_at desc nulls last, f.id limit 1
) f on true
where m.members > 1;
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
  when (new.operation = 'failover' and (new.state, new.step) is distinct from (old.state, old.step))
  execute function keep_failover();
