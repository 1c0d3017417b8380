import { pathToFileURL } from 'node:url'
import { sql } from 'drizzle-orm'
import type { Tx } from './pg/client'
import { closeDb, getPool, inTransaction } from './pg/client'

export interface LargeCounts {
  instances: number
  herds: number
  servers: number
}

export const largeDefault: LargeCounts = { instances: 100_000, herds: 2_000, servers: 10_000 }

/**
 * A large made-up inventory in an empty database, the same every time: three environments, servers and herds spread over them, every instance with
 * observed facts (one primary a herd, 2 % not online, a few dozen crashed). About ten seconds for the default counts; nothing of it exists anywhere.
 */
export const seedLarge = async (counts: LargeCounts = largeDefault): Promise<void> => {
  const { instances, herds, servers } = counts
  await inTransaction(async (tx) => {
    await tx.execute(sql`set local statement_timeout = '10min'`)
    await tx.execute(sql`insert into environments (id, name, colour, protection, position)
      select md5('environment ' || name)::uuid, name, colour, protection, n
      from (values ('dev', 'green', 'open', 0), ('stage', 'amber', 'confirm', 1), ('prod', 'red', 'confirm', 2)) e (name, colour, protection, n)`)
    await seedServers(tx, servers)
    await seedHerds(tx, herds)
    await seedInstances(tx, instances, herds, servers)
  })
}

/** dev 20 %, stage 20 %, prod 60 %, by number. */
const environmentOf = (number: string) =>
  sql.raw(`case when ${number} % 5 = 0 then 'dev' when ${number} % 5 = 1 then 'stage' else 'prod' end`)

const seedServers = (tx: Tx, count: number) =>
  tx.execute(sql`insert into servers (id, environment_id, hostname, address, site, tags, state, os, load_per_cpu, memory_bytes, disk_free_bytes, observed_at, observed_source, created_at, changed_at)
    select md5('server ' || n)::uuid, md5('environment ' || ${environmentOf('n')})::uuid,
      ${environmentOf('n')} || '-' || site || '-db' || lpad(n::text, 5, '0'), '10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256, site,
      case n % 4 when 0 then '{debian}'::text[] when 1 then '{debian,nvme}' when 2 then '{rhel}' else '{debian,critical}' end,
      case when n % 97 = 0 then 'unreachable' else 'reachable' end, 'Debian GNU/Linux 12', (n % 100) / 50.0, (n % 8 + 1)::bigint * 17179869184, (n % 500 + 20)::bigint * 1073741824,
      now() - make_interval(secs => n % 30), 'ssh', now(), now()
    from generate_series(0, ${count}::int - 1) n, lateral (select (array['ams', 'fra', 'nyc', 'sin'])[n / 5 % 4 + 1] as site) s`)

const seedHerds = (tx: Tx, count: number) =>
  tx.execute(sql`insert into herds (id, environment_id, name, base_name, port, data_directory, virtual_host, preferred_site, system_identifier)
    select md5('herd ' || n)::uuid, md5('environment ' || environment)::uuid, environment || '-' || word || number, word || number, 5432 + n % 8,
      '/var/lib/postgresql/' || 13 + n % 6 || '/' || word, word || n || '.' || environment || '.db.example.org', (array['ams', 'fra', 'nyc', 'sin'])[n % 4 + 1], (7000000000000000000 + n)::text
    from generate_series(0, ${count}::int - 1) n,
      lateral (select ${environmentOf('n')} as environment, (array['orders', 'billing', 'ledger', 'catalog', 'search', 'identity', 'stock', 'mail', 'events', 'reports'])[n / 5 % 10 + 1] as word,
        lpad(n::text, greatest(4, length(n::text)), '0') as number) w`)

// Member m of herd h stands on a server of the herd's environment: servers and herds are dealt to environments by the same number modulo five.
const seedInstances = (tx: Tx, count: number, herds: number, servers: number) =>
  tx.execute(sql`insert into instances (id, herd_id, server_id, state, role, version, system_identifier, timeline, lag_bytes, lag_seconds, sync_state, clients, has_pending_restart,
      postmaster_started_at, size_bytes, size_seen_at, current_lsn, received_lsn, replayed_lsn, observed_at, observed_source, because)
    select md5('instance ' || n)::uuid, md5('herd ' || h)::uuid, md5('server ' || s)::uuid, state, role, 13 + h % 6 || '.' || h % 9, (7000000000000000000 + h)::text, 1 + h % 3,
      case when role = 'standby' and state = 'online' then case when n % 7 = 0 then hashint4(n)::bigint & 1073741823 else 0 end end,
      case when role = 'standby' and state = 'online' then case when n % 7 = 0 then (n % 900)::float else 0 end end,
      case when role = 'standby' and state = 'online' then case when n % 11 = 0 then 'sync' else 'async' end end,
      n % 200, n % 50 = 0, now() - make_interval(hours => n % 2000, secs => n / 2000.0), (h % 3000 + 1)::bigint * 123456789, now() - make_interval(secs => n % 600),
      case when role = 'primary' then '1A/' || to_hex(n) end, case when role = 'standby' then '1A/' || to_hex(n) end, case when role = 'standby' then '1A/' || to_hex(n) end,
      now() - make_interval(secs => n % 30), 'ssh', case when state in ('crashed', 'unreachable') then 'the host does not answer' end
    from generate_series(0, ${count}::int - 1) n,
      lateral (select n % ${herds}::int as h, n / ${herds}::int as m) a,
      lateral (select ((h / 5 * 50 + m * 7 + h % 5 * 3) * 5 + h % 5) % ${servers}::int as s) b,
      lateral (select case when m = 0 then 'primary' else 'standby' end as role,
        case when n % 2503 = 0 then 'crashed' when n % 101 = 0 then 'stopped' when n % 211 = 0 then 'unreachable' else 'online' end as state) c
    on conflict do nothing`)

/** What 8000 of its herds have in front of them, scheduled and proven: a pooler each, 20,000 scheduled runs and 20,000 certificates. */
export const seedWork = async (): Promise<void> => {
  const query = (text: string) => getPool().query(text)
  await query(`insert into poolers (herd_id, server_id, paused) select md5('herd ' || n)::uuid, md5('server ' || n)::uuid, case when n % 4000 = 0 then 'all' else 'no' end
    from generate_series(0, 7999) n`)
  await query(`insert into scheduled_runs (state, because, at, start_within_minutes, operation, resource, title, herd_ids, environment_ids, plan_id, actor_name)
    select case when n < 30 then 'waiting' when n % 50 = 0 then 'skipped' else 'started' end, null, now() + (30 - n) * interval '1 hour', 15, 'switchover', 'dr-pair',
      'Switch over herd ' || n, array[md5('herd ' || n % 8000)::uuid], array[h.environment_id], gen_random_uuid(), 'ada'
    from generate_series(0, 19999) n join herds h on h.id = md5('herd ' || n % 8000)::uuid`)
  await query(`insert into certificates (id, run_id, herd_id, environment_id, title, operation, verdict, because, gap_ms, errors, key_id, issued_at, document)
    select gen_random_uuid(), gen_random_uuid(), h.id, h.environment_id, h.name, case when n % 9 = 0 then 'failover' else 'switchover' end,
      case when n % 1000 = 0 then 'lost' when n % 40 = 0 then 'not-provable' else 'proven' end, 'because', n % 300, 0, 'key', now() - n * interval '1 hour', ''
    from generate_series(0, 19999) n join herds h on h.id = md5('herd ' || n % 8000)::uuid`)
  await query('vacuum analyze certificates')
  await query('vacuum analyze poolers')
  await query('vacuum analyze scheduled_runs')
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await seedLarge()
  await closeDb()
}
