'use server'

import type { ListView } from '@/components/resource/list/list-data'
import { forgetEnvironmentLooks } from '@/db/environment-looks'
import { type Preferences, readPreferences, writePreferences } from '@/db/preferences'
import { addRecord, changeRecord, deleteRecord, referenceOptions } from '@/db/records'
import { addView, deleteView, listViews as readViews } from '@/db/views'
import { requireActor } from '@/lib/auth/actor'
import type { Problem } from '@/lib/auth/problem'
import type { Actor } from '@/lib/kernel/access'
import type { Json } from '@/lib/kernel/json'
import { attempt, namedResource } from './attempt'

type Refused = { problem: Problem }

/** Columns and density, per person. `columns: null` goes back to the declaration's. */
export const rememberList = async (resource: string, choice: { columns?: string[] | null; density?: 'dense' | 'roomy' }): Promise<void> => {
  const actor = await requireActor()
  const change: Preferences = {}
  if (choice.density === 'dense' || choice.density === 'roomy') change.density = choice.density
  if (choice.columns !== undefined) {
    const known = namedResource(resource)
    const columns = choice.columns?.filter((name) => typeof name === 'string' && Object.hasOwn(known.fields, name)) ?? null
    const { lists } = await readPreferences(actor.personId)
    change.lists = { ...lists, [known.name]: { columns: columns && columns.length > 0 ? columns : null } }
  }
  await writePreferences(actor.personId, change)
}

type Views = { views: ListView[] } | { because: string }

const viewsOf = async (actor: Actor, resource: string): Promise<ListView[]> =>
  (await readViews(actor, resource)).map(({ id, name, query, isShared, isOwn }) => ({ id, name, query, isShared, isOwn }))

const withViews = async (resource: string, act: (actor: Actor) => Promise<unknown>): Promise<Views> => {
  const actor = await requireActor()
  const done = await attempt(async () => {
    await act(actor)
    return viewsOf(actor, namedResource(resource).name)
  })
  return 'problem' in done ? { because: done.problem.detail } : { views: done.value }
}

export const listViews = async (resource: string): Promise<Views> => withViews(resource, async () => {})

/** Saving under a name of one's own replaces that view. */
export const saveView = async (resource: string, name: string, query: string, isShared: boolean): Promise<Views> =>
  withViews(resource, (actor) =>
    addView(actor, { resource: namedResource(resource).name, name: String(name), query: String(query), isShared: isShared === true }),
  )

export const removeView = async (resource: string, id: string): Promise<Views> =>
  withViews(resource, (actor) => deleteView(actor, String(id)))

/** Adds (`id` null) or changes a record. A refusal carries `fields`, and for a concurrent edit `current` and `changes`. */
export const saveRecord = async (
  resource: string,
  id: string | null,
  values: Record<string, Json>,
  revision: number | null,
): Promise<{ id: string } | Refused> => {
  const actor = await requireActor()
  const done = await attempt(async () => {
    const known = namedResource(resource)
    if (id === null) return (await addRecord(actor, known, values)).id
    await changeRecord(actor, known, id, values, Number(revision))
    return id
  })
  if (resource === 'environment') forgetEnvironmentLooks()
  return 'problem' in done ? done : { id: done.value }
}

export const removeRecord = async (resource: string, id: string): Promise<{ removed: true } | Refused> => {
  const actor = await requireActor()
  const done = await attempt(() => deleteRecord(actor, namedResource(resource), String(id)))
  if (resource === 'environment') forgetEnvironmentLooks()
  return 'problem' in done ? done : { removed: true }
}

/** What a reference field may point to, by the words typed so far. */
export const findOptions = async (
  resource: string,
  field: string,
  search: string,
  environmentId: string | null,
): Promise<{ options: { id: string; title: string }[] } | Refused> => {
  const actor = await requireActor()
  const done = await attempt(() =>
    referenceOptions(actor, namedResource(resource), String(field), { search: String(search), environmentId, limit: 20 }),
  )
  return 'problem' in done ? done : { options: done.value.map(({ id, title }) => ({ id, title })) }
}
