import type { LaunchedDoor } from '@/lib/domain/blueprints/door'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { databaseFault, getPool } from '../pg/client'

const read = {
  name: 'launched-door',
  text: `select b.environment_id as "environmentId", b.admin_user as "user", coalesce(b.database, 'postgres') as database,
      (select coalesce(json_agg(json_build_object('address', s.address, 'port', i.port) order by i.role = 'primary' desc nulls last, i.title), '[]')
        from instances i join servers s on s.id = i.server_id where i.herd_id = b.herd_id) as hosts
    from blueprints b where b.herd_id = $1`,
}

/** null: the herd was not launched from a blueprint, or the actor may not see blueprints or servers of its environment. Throws `database.down`. */
export const launchedDoor = async (actor: Actor, herdId: string): Promise<LaunchedDoor | null> => {
  try {
    const [row] = (await getPool().query<LaunchedDoor & { environmentId: string }>({ ...read, values: [herdId] })).rows
    if (row === undefined || !mayIn(actor, 'blueprint.view', row.environmentId) || !mayIn(actor, 'server.view', row.environmentId))
      return null
    return { user: row.user, database: row.database, hosts: row.hosts }
  } catch (error) {
    throw databaseFault(error)
  }
}
