import { and, eq, or, sql } from 'drizzle-orm'
import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import type { ListView } from '@/lib/shapes/list'
import { getDb } from '../pg/client'
import { people, savedViews } from '../schema'

export interface SavedView extends ListView {
  owner: string
}

const nameMax = 80
const queryMax = 4_000

/** One's own and the shared ones, by name. A shared view shows each reader only what they may see. */
export const listViews = async (actor: Actor, resource: string): Promise<SavedView[]> => {
  const isOwn = sql<boolean>`${savedViews.personId} is not distinct from ${actor.personId}::uuid`
  return getDb()
    .select({
      id: savedViews.id,
      name: savedViews.name,
      query: savedViews.query,
      isShared: savedViews.isShared,
      isOwn,
      owner: people.userName,
    })
    .from(savedViews)
    .innerJoin(people, eq(people.id, savedViews.personId))
    .where(and(eq(savedViews.resource, resource), or(savedViews.isShared, isOwn)))
    .orderBy(sql`lower(${savedViews.name})`, people.userName)
}

/** Saves under a name of one's own; the same name again replaces it. Throws `input.invalid`, and `access.denied` for who is no person. */
export const addView = async (
  actor: Actor,
  view: { resource: string; name: string; query: string; isShared: boolean },
): Promise<{ id: string }> => {
  if (actor.personId === null) throw new Fault('access.denied', { because: 'Views belong to people.' })
  const name = view.name.trim()
  const query = view.query.replace(/^\?/, '')
  if (name === '' || name.length > nameMax)
    throw new Fault('input.invalid', { fields: [{ path: 'name', message: `Use 1 to ${nameMax} characters.` }] })
  if (query.length > queryMax)
    throw new Fault('input.invalid', { fields: [{ path: 'query', message: `Use at most ${queryMax} characters.` }] })
  const { rows } = await getDb().execute<{ id: string }>(
    sql`insert into saved_views (person_id, resource, name, query, is_shared)
      values (${actor.personId}, ${view.resource}, ${name}, ${query}, ${view.isShared})
      on conflict (person_id, resource, lower(name)) do update set name = excluded.name, query = excluded.query, is_shared = excluded.is_shared
      returning id`,
  )
  return rows[0]!
}

/** One's own; an administrator of everything may also take away a shared one. Throws `record.missing`. */
export const deleteView = async (actor: Actor, id: string): Promise<void> => {
  const isAdmin = actor.grants.some(({ role, environmentId }) => role === 'admin' && environmentId === null)
  const isOwn = sql`${savedViews.personId} is not distinct from ${actor.personId}::uuid`
  const removed = await getDb()
    .delete(savedViews)
    .where(and(sql`${savedViews.id}::text = ${id}`, isAdmin ? or(savedViews.isShared, isOwn) : isOwn))
    .returning({ id: savedViews.id })
  if (removed.length === 0) throw new Fault('record.missing')
}
