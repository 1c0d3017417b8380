-- The web's login may not read the sealed columns of a server, so what fills a row from it names what it takes.
create or replace function instances_fill() returns trigger language plpgsql as $$
declare
  herd record;
  host record;
begin
  select id, environment_id, port, data_directory, name, base_name, virtual_host into herd from herds where id = new.herd_id;
  select id, hostname, address into host from servers where id = new.server_id;
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
create or replace function poolers_fill() returns trigger language plpgsql as $$
declare
  herd record;
  host record;
begin
  select id, environment_id, name into herd from herds where id = new.herd_id;
  select id, hostname, address into host from servers where id = new.server_id;
  -- A herd or server that does not exist is left to the foreign keys, which name it.
  if herd.id is null or host.id is null then
    return new;
  end if;
  if tg_op = 'INSERT' then
    new.herd_ids := array[herd.id];
    new.herds := array[herd.name];
  end if;
  new.environment_id := herd.environment_id;
  new.title := new.name || ' on ' || host.hostname;
  new.search_text := lower(concat_ws(' ', new.name, herd.name, array_to_string(array_remove(new.herds, herd.name), ' '), host.hostname, host.address));
  return new;
end
$$;
