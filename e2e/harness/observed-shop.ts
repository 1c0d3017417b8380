import { type FactSource, writeProbes } from '@/db/fleet/observations'
import { getPool } from '@/db/pg/client'
import type { Probe } from '@/lib/ports'

export const query = async (text: string, values: unknown[] = []) => (await getPool().query(text, values)).rows
/** Of that herd, by name: `a`, `server-a`, `herd`, `environment`. */
export const ids: Record<string, string> = {}
/** The herd shop and nothing else: a on host-a, b on host-b, c on host-c; port 5432. */
export const openShop = async (): Promise<void> => {
  await query('truncate instances, herds, servers, environments, discovered_hosts cascade')
  const [environment] = await query(`insert into environments (name) values ('prod') returning id`)
  ids.environment = environment.id
  const [herd] = await query(
    `insert into herds (environment_id, name, base_name, data_directory, virtual_host) values ($1, 'shop', 'shop', '/data', 'shop.db.example') returning id`,
    [ids.environment],
  )
  ids.herd = herd.id
  for (const [n, name] of ['a', 'b', 'c'].entries()) {
    const [server] = await query(`insert into servers (environment_id, hostname, address) values ($1, $2, $3) returning id`, [
      ids.environment,
      `Host-${name}.example`,
      `198.18.0.${n + 1}`,
    ])
    ids[`server-${name}`] = server.id
    const [instance] = await query(`insert into instances (herd_id, server_id, environment_id) values ($1, $2, $3) returning id`, [
      ids.herd,
      server.id,
      ids.environment,
    ])
    ids[name] = instance.id
  }
}

export const row = async (name: string) => (await query('select * from instances where id = $1', [ids[name]]))[0]
export const see = (name: string, probe: Probe, source: FactSource = 'observer') => writeProbes([{ instanceId: ids[name]!, probe, source }])
