import type { FoundManager, ManagedBy } from '@/lib/domain/managers/manager'
import { iso } from '@/lib/domain/values/iso'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { getPool } from '../pg/client'

/** Who manages one instance, as last found on its host. */
export interface ManagedInstance {
  id: string
  title: string
  manager: ManagedBy
  managers: FoundManager[]
  /** ISO time; null: nobody has looked. */
  seenAt: string | null
}

interface Row extends Omit<ManagedInstance, 'seenAt' | 'managers'> {
  environment_id: string
  managers: FoundManager[] | null
  manager_seen_at: Date | null
}

/** One instance, or every member of a herd, ordered by title; those that the actor may not see are left out. `id`: of either. */
export const readManagers = async (actor: Actor, id: string): Promise<ManagedInstance[]> => {
  const { rows } = await getPool().query<Row>({
    name: 'managers-view',
    text: 'select id, title, environment_id, manager, managers, manager_seen_at from instances where id = $1 or herd_id = $1 order by title, id',
    values: [id],
  })
  return rows
    .filter((row) => mayIn(actor, 'instance.view', row.environment_id))
    .map(({ id: instanceId, title, manager, managers, manager_seen_at }) => ({
      ...{ id: instanceId, title, manager, managers: managers ?? [] },
      seenAt: iso(manager_seen_at),
    }))
}

/** What was found at the herds that the actor may see, for menus. `herdId`: at this one alone. */
export const managersFound = async (actor: Actor, herdId: string | null = null): Promise<ReadonlySet<ManagedBy>> => {
  const { rows } = await getPool().query<{ environment_id: string; manager: ManagedBy }>({
    name: 'managers-found',
    text: 'select distinct environment_id, manager from herd_facts where $1::uuid is null or herd_id = $1',
    values: [herdId],
  })
  return new Set(rows.flatMap(({ environment_id, manager }) => (mayIn(actor, 'herd.view', environment_id) ? [manager] : [])))
}
