import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { askJson } from '../facts/ask-json'
import type { Place } from '../facts/instance'

/** An open transaction, oldest first. Constants of its statement are left out. */
export type Blocker = {
  pid: number
  database: string
  user: string
  application: string
  client: string
  seconds: number
  query: string
}

/** Who is connected to a server, and what it loads. */
export type Sessions = {
  blockers: Blocker[]
  clients: { user: string; application: string; client: string; count: number }[]
  /** `shared_preload_libraries` */
  libraries: string
}

const shownMax = 5

// A walsender of a logical subscriber has a database too; a background worker has no user.
const sessionsSql = `with client as (
  select a.* from pg_stat_activity a
  where a.datname is not null and a.usename is not null and a.application_name <> 'matriarch' and a.pid <> pg_backend_pid()
    and a.pid not in (select pid from pg_stat_replication))
select json_build_object(
  'blockers', (select coalesce(json_agg(json_build_object('pid', pid, 'database', datname, 'user', usename, 'application', application_name,
      'client', coalesce(host(client_addr), 'socket'), 'seconds', floor(extract(epoch from clock_timestamp() - xact_start)),
      'query', left(regexp_replace(query, '''[^'']*''', '''…''', 'g'), 80)) order by xact_start), '[]')
    from (select * from client where xact_start is not null order by xact_start limit ${shownMax}) oldest),
  'clients', (select coalesce(json_agg(json_build_object('user', usename, 'application', application_name, 'client', client, 'count', count)), '[]')
    from (select usename, application_name, coalesce(host(client_addr), 'socket') as client, count(*) as count
      from client group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit ${shownMax}) most),
  'libraries', current_setting('shared_preload_libraries')
)::text as sessions`

/** null: the server did not say. */
export const readSessions = async (ports: ReadPorts, place: Place, { signal }: Pick<GatherContext, 'signal'>): Promise<Sessions | null> => {
  const said = await askJson<Sessions>(ports, place, sessionsSql, { database: 'postgres', bytesMax: 20_000, signal })
  return said !== null && 'blockers' in said ? said : null
}
