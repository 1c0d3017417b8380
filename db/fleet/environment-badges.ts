import { asc } from 'drizzle-orm'
import { type Actor, allowance } from '@/lib/kernel/access/access'
import type { BadgedEnvironment } from '@/lib/shapes/environment'
import { Fresh } from '../pg/cached'
import { getDb } from '../pg/client'
import { environments } from '../schema'

const keptMs = 2_000
const kept = new Fresh<BadgedEnvironment[]>({ weightMax: 1 })

const readAll = (): Promise<BadgedEnvironment[]> =>
  getDb()
    .select({ id: environments.id, name: environments.name, colour: environments.colour, protection: environments.protection })
    .from(environments)
    .orderBy(asc(environments.position), asc(environments.name))

/** Name, colour and protection of the environments this actor may see, by id, in their order. Up to two seconds old: every page of the console asks. */
export const badgedEnvironments = async (actor: Actor): Promise<Record<string, BadgedEnvironment>> => {
  const allowed = allowance(actor, 'environment.view')
  if (allowed === 'none') return {}
  const all = await kept.get('environment', '', readAll, () => keptMs)
  const seen = allowed === 'all' ? all : all.filter(({ id }) => allowed.environmentIds.includes(id))
  return Object.fromEntries(seen.map((environment) => [environment.id, environment]))
}
