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
create function is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end
$$;
--> statement-breakpoint
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function is_append_only();
--> statement-breakpoint
-- Observed values are rewritten often: room in each page keeps those updates within it, and a large probe is kept out of the row.
alter table instances set (fillfactor = 80, toast_tuple_target = 1024, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
--> statement-breakpoint
alter table servers set (fillfactor = 80, toast_tuple_target = 1024);
