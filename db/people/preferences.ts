import { eq, sql } from 'drizzle-orm'
import { getDb, getPool } from '../pg/client'
import { people } from '../schema'

/** How one person likes to see things. Nothing security hangs on it. */
export interface Preferences {
  density?: 'dense' | 'roomy'
  /** Resource name → how its list is shown. */
  lists?: Record<string, { columns?: string[] | null } | undefined>
}

/** Tokens and the system have none. A request of somebody who is signed in has them with its session. */
export const readPreferences = async (personId: string | null): Promise<Preferences> => {
  if (personId === null) return {}
  const { rows } = await getPool().query<{ preferences: Preferences }>('select preferences from people where id = $1', [personId])
  return rows[0]?.preferences ?? {}
}

/** Merges at the top level and one level into `lists`; two tabs that write different lists do not undo each other. */
export const writePreferences = async (personId: string | null, change: Preferences): Promise<void> => {
  if (personId === null) return
  const { lists, ...rest } = change
  await getDb()
    .update(people)
    .set({
      preferences: sql`${people.preferences} || ${JSON.stringify(rest)}::jsonb || jsonb_build_object('lists',
        coalesce(${people.preferences} -> 'lists', '{}'::jsonb) || ${JSON.stringify(lists ?? {})}::jsonb)`,
    })
    .where(eq(people.id, personId))
}
