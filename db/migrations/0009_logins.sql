-- Partitions of samples are made and dropped by a worker, whose login owns no table: these three do so as the owner, for these tables alone.
create function samples_check(tier text, name text) returns void language plpgsql immutable as $$
begin
  if tier not in ('samples_fresh', 'samples_hourly', 'samples_daily') or name !~ ('^' || tier || '_[0-9]{6,10}$') then
    raise exception 'no partition of samples: % of %', name, tier using errcode = 'insufficient_privilege';
  end if;
end
$$;
--> statement-breakpoint
create function samples_add(tier text, name text, since timestamptz, until timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform public.samples_check(tier, name);
  execute format('create table if not exists public.%I partition of public.%I for values from (%L) to (%L)', name, tier, since, until);
end
$$;
--> statement-breakpoint
create function samples_hold(name text) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform public.samples_check(regexp_replace(name, '_[0-9]+$', ''), name);
  execute format('lock table public.%I in share row exclusive mode', name);
end
$$;
--> statement-breakpoint
create function samples_drop(tier text, name text) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform public.samples_check(tier, name);
  execute format('alter table public.%I detach partition public.%I', tier, name);
  execute format('drop table public.%I', name);
end
$$;
--> statement-breakpoint
revoke execute on function samples_add(text, text, timestamptz, timestamptz), samples_hold(text), samples_drop(text, text) from public;
