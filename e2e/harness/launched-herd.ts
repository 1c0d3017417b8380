import { getPool } from '@/db/pg/client'
import { idOf } from '@/lib/adapters/memory'
import type { InventoryBlueprint } from '@/lib/ports'
import { shopBlueprint } from './twin/launch'
import type { Bench } from './workers'

/** Leaves a herd of the bench as a launch from a blueprint of its name would have, after 20 s, on machines of the group `sg-own`. The blueprint's id. */
export const asLaunched = async (
  { served: { fleet } }: Pick<Bench, 'served'>,
  name: string,
  facts: Partial<InventoryBlueprint> = {},
): Promise<string> => {
  const { herdId, environmentId, environmentName } = fleet.instance(`${name} on ${name}-1`).inventory
  const id = idOf(`blueprint ${name}`)
  fleet.world.launches.blueprints.set(
    id,
    shopBlueprint(
      { id, title: name, environmentId, environmentName, herd: { id: herdId, name }, ...facts },
      { name, securityGroupIds: ['sg-own'] },
    ),
  )
  fleet.world.launches.groups.set('sg-own', { id: 'sg-own', name: 'own', rules: [], tags: {} })
  const query = (text: string, values: unknown[]) => getPool().query(text, values)
  await query(`insert into blueprints (id, environment_id, name, herd_id) values ($1, $2, $3, $4)`, [id, environmentId, name, herdId])
  await query(
    `with r as (insert into runs (operation, resource, title, state, actor_name, policy, digest) values ('launch-herd', 'blueprint', 'Launch', 'done', 'anna', '{}', 'd') returning id)
      insert into jobs (run_id, operation, resource, target_id, title, state, digest, started_at, finished_at)
        select id, 'launch-herd', 'blueprint', $1, 'Launch', 'done', 'd', now() - interval '20 s', now() from r`,
    [id],
  )
  await query(`update instances set size_bytes = 50000000, size_seen_at = now() where herd_id = $1`, [herdId])
  return id
}
