CREATE TABLE "fleet_events" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"kind" text NOT NULL,
	"instance_id" uuid,
	"herd_id" uuid,
	"server_id" uuid NOT NULL,
	"environment_id" uuid NOT NULL,
	"title" text NOT NULL,
	"was" text NOT NULL,
	"became" text NOT NULL,
	"because" text,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "fleet_events_instance_idx" ON "fleet_events" USING btree ("instance_id","at");--> statement-breakpoint
CREATE INDEX "fleet_events_herd_idx" ON "fleet_events" USING btree ("herd_id","at");--> statement-breakpoint
CREATE INDEX "fleet_events_server_idx" ON "fleet_events" USING btree ("server_id","at");--> statement-breakpoint
CREATE INDEX "fleet_events_at_idx" ON "fleet_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "fleet_events_open_idx" ON "fleet_events" USING btree ("server_id","instance_id") WHERE kind = 'state' and ended_at is null;--> statement-breakpoint
CREATE INDEX "incidents_subject_idx" ON "incidents" USING btree (split_part(item_key, ' ', 1),"began_at");--> statement-breakpoint
CREATE INDEX "audit_acknowledged_idx" ON "audit" USING btree (split_part(detail->>'key', ' ', 1),"at") WHERE act in ('fleet.acknowledge', 'fleet.unacknowledge');
--> statement-breakpoint
-- As the owner: neither login writes here by itself.
create function instances_tell_events() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  seen timestamptz := coalesce(greatest(new.observed_at, (new.probe->>'lookedAt')::timestamptz), now());
begin
  if new.state is distinct from old.state then
    if new.state = 'online' then
      update fleet_events set ended_at = seen
        where server_id = new.server_id and instance_id = new.id and kind = 'state' and ended_at is null and became <> 'online';
    end if;
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
create trigger instances_tell_events after update of state, role, timeline, postmaster_started_at on instances for each row
  when (old.observed_at is not null and (new.state is distinct from old.state or new.role is distinct from old.role or new.timeline <> old.timeline
    or new.postmaster_started_at > old.postmaster_started_at + interval '2 s'))
  execute function instances_tell_events();
--> statement-breakpoint
create function servers_tell_events() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.state = 'reachable' then
    update fleet_events set ended_at = new.observed_at
      where server_id = new.id and instance_id is null and kind = 'state' and ended_at is null and became <> 'reachable';
  end if;
  insert into fleet_events (at, kind, server_id, environment_id, title, was, became, because, ended_at)
    values (new.observed_at, 'state', new.id, new.environment_id, new.hostname, old.state, new.state, new.because,
      case when new.state = 'reachable' then new.observed_at end);
  return null;
end $$;
--> statement-breakpoint
create trigger servers_tell_events after update of state on servers for each row
  when (old.observed_at is not null and new.observed_at is not null and new.state is distinct from old.state) execute function servers_tell_events();
