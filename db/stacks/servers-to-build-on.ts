import { type Actor, allowance } from '@/lib/kernel/access/access'
import type { ServerToBuildOn } from '@/lib/shapes/stack-draft'
import { getPool } from '../pg/client'

const most = 2_000

/** Registered servers with a host of their own that the actor may see, by name, and what is registered on each. One statement. */
export const serversToBuildOn = async (actor: Actor): Promise<ServerToBuildOn[]> => {
  const allowed = allowance(actor, 'server.view')
  if (allowed === 'none') return []
  const { rows } = await getPool().query<ServerToBuildOn>(
    `select s.id, s.environment_id as "environmentId", s.hostname as name, s.address, s.site, s.state, s.cpus,
        s.memory_bytes::float8 as "memoryBytes", array(
          select i.title from instances i where i.server_id = s.id
          union all select p.title from poolers p where p.server_id = s.id
          order by 1 limit 5) as carries
      from servers s
      where s.profile <> 'rds' and ($1::uuid[] is null or s.environment_id = any($1))
      order by s.hostname limit ${most}`,
    [allowed === 'all' ? null : allowed.environmentIds],
  )
  return rows
}
