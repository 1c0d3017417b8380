import type { Actor } from '@/lib/kernel/access/access'
import type { Json } from '@/lib/kernel/ground/json'
import type { Tx } from '../pg/client'
import { changes } from '../schema'

export interface Change {
  resource: string
  objectId: string
  title: string
  act: 'add' | 'change' | 'delete'
  environmentId: string | null
  /** `{ field: [before, after] }` */
  fields: Record<string, [Json, Json]>
}

/** The history line of a save, inside its transaction. */
export const writeChange = async (tx: Tx, actor: Actor, change: Change): Promise<void> => {
  await tx.insert(changes).values({ ...change, personId: actor.personId, actorName: actor.name })
}
