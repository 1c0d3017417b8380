import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type pg from 'pg'
import { hostCount, instancesPerHost, reportOf } from './fleet'

/**
 * The way of the system that is replaced: each report opens a connection to the metadata database for every instance and calls one function, which finds the
 * instance by host, name and port, looks for its leader, and updates it when something changed.
 */
const oldWay = `
create schema old;
create table old.herd (herd_id serial primary key, base_name text, port int, environment int);
create table old.server (server_id serial primary key, hostname text);
create table old.instance (instance_id serial primary key, herd_id int references old.herd, server_id int references old.server, version text,
  position bigint, is_online boolean, leader_id int);
create index on old.instance (herd_id);
create index on old.instance (server_id);
create view old.flat as select i.*, h.base_name, h.port, s.hostname from old.instance i join old.herd h using (herd_id) join old.server s using (server_id);
create function old.check_in(host text, name text, at_port int, new_version text, online boolean, leader_host text, new_position bigint) returns void
language plpgsql as $$
declare
  mine record;
  leader int;
begin
  select instance_id, version, position, is_online, leader_id into mine from old.flat where hostname = host and base_name = name and port = at_port for update;
  if leader_host is not null then
    select instance_id into leader from old.flat where hostname = leader_host and base_name = name and port = at_port;
  end if;
  if mine.instance_id is null then
    return;
  end if;
  if (mine.version, mine.position, mine.is_online, mine.leader_id) is distinct from (new_version, new_position, online, leader) then
    update old.instance set version = new_version, position = coalesce(new_position, position), is_online = coalesce(online, is_online),
      leader_id = coalesce(leader, leader_id) where instance_id = mine.instance_id;
  end if;
end
$$`

const prepareOld = async (client: pg.Client): Promise<void> => {
  await client.query(oldWay)
  const total = hostCount * instancesPerHost
  await client.query(`insert into old.server (hostname) select 'db' || lpad(n::text, 5, '0') from generate_series(0, $1::int - 1) n`, [
    hostCount,
  ])
  await client.query(`insert into old.herd (base_name, port, environment) select 'c' || n, 5432, 1 from generate_series(0, $1::int) n`, [
    Math.ceil(total / 3),
  ])
  await client.query(
    `insert into old.instance (herd_id, server_id, version, position, is_online) select n / 3 + 1, n % $2::int + 1, '15.18', 0, true from generate_series(0, $1::int - 1) n`,
    [total, hostCount],
  )
  // As its own migrations have it: no index on names, so that a host's rows are found by its server and herd alone… and these two help it.
  await client.query('create index on old.server (hostname)')
  await client.query('create index on old.herd (base_name, port)')
}

const prepareFloor = async (client: pg.Client): Promise<void> => {
  await client.query('create schema floor')
  await client.query('create table floor.report (host int primary key, sequence bigint, report jsonb) with (fillfactor = 60)')
  await client.query('insert into floor.report select n, 0, $1::jsonb from generate_series(0, $2::int - 1) n', [
    JSON.stringify(reportOf(0, 0)),
    hostCount,
  ])
}

export const preparePeers = async (client: pg.Client): Promise<void> => {
  await prepareOld(client)
  await prepareFloor(client)
  await client.query('analyze')
}

/** Debian keeps pgbench beside the servers. Throws a sentence when there is none. */
const pgbench = (): string => {
  const root = '/usr/lib/postgresql'
  const found = (existsSync(root) ? readdirSync(root) : [])
    .map((major) => join(root, major, 'bin/pgbench'))
    .filter((path) => existsSync(path))
  if (found.length === 0) throw new Error('pgbench is not here; install it with: apt-get install postgresql')
  return found.at(-1)!
}

const tps = async (connection: { host: string; database: string; user: string }, args: string[]): Promise<number> => {
  const { stdout } = await promisify(execFile)(pgbench(), [
    '-n',
    '-h',
    connection.host,
    '-U',
    connection.user,
    ...args,
    connection.database,
  ])
  return Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
}

export interface PeerTarget {
  host: string
  database: string
  user: string
  folder: string
  senders: number
  seconds: number
}

/** Reports a second: a new connection and one call for each of a host's instances. pgbench makes the connections, which is quicker than any agent would. */
export const runOld = async (target: PeerTarget): Promise<number> => {
  const script = join(target.folder, 'old.sql')
  writeFileSync(
    script,
    `\\set n random(0, ${hostCount * instancesPerHost - 1})
\\set position random(1, 1000000000)
select old.check_in('db' || lpad((:n % ${hostCount})::text, 5, '0'), 'c' || :n / 3, 5432, '15.18', true, null, :position);
`,
  )
  return (await tps(target, ['-C', '-c', String(target.senders), '-j', '2', '-T', String(target.seconds), '-f', script])) / instancesPerHost
}

/** Reports a second: one prepared upsert of the report as it is, connections kept. Nothing can store reports one by one quicker. */
export const runFloor = (target: PeerTarget): Promise<number> => {
  const script = join(target.folder, 'floor.sql')
  const report = JSON.stringify(reportOf(0, 0)).replace(/'/g, "''").replace(/:/g, ': ')
  writeFileSync(
    script,
    `\\set host random(0, ${hostCount - 1})
insert into floor.report values (:host, 1, '${report}') on conflict (host) do update set sequence = floor.report.sequence + 1, report = excluded.report;
`,
  )
  return tps(target, ['-M', 'prepared', '-c', String(target.senders), '-j', '2', '-T', String(target.seconds), '-f', script])
}
