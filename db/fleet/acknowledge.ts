import { z } from 'zod'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { checked } from '@/lib/kernel/ground/checked'
import { Fault } from '@/lib/kernel/ground/errors'
import { forget } from '../pg/cached'
import { notify } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { writeAudit } from '../trail/audit'

/** One item of the front page. `environmentId` null: of the console itself. */
const itemSchema = z.object({
  kind: z.string().min(1).max(60),
  key: z.string().min(1).max(200),
  label: z.string().min(1).max(300),
  environmentId: z.uuid().nullable(),
})
const wantedSchema = itemSchema.extend({
  note: z.string().trim().min(1, 'Say what is being done about it.').max(500, 'Use at most 500 characters.'),
  hours: z.union([z.literal(1), z.literal(8), z.literal(72)], { message: 'Choose 1, 8 or 72 hours.' }),
})
export type Item = z.infer<typeof itemSchema>
export type Wanted = z.infer<typeof wantedSchema>

const mustMay = (actor: Actor, environmentId: string | null): void => {
  if (!mayIn(actor, 'fleet.acknowledge', environmentId)) throw new Fault('access.denied')
}

/**
 * Sets one problem aside for so many hours, for everybody; a second time replaces the first. It hides only what stands under this heading in this very
 * environment, so nobody can silence what they may not act on. Throws `input.invalid`, `access.denied`.
 */
export const acknowledge = async (actor: Actor, wanted: unknown): Promise<void> => {
  const { kind, key, label, environmentId, note, hours } = checked(wantedSchema, wanted)
  mustMay(actor, environmentId)
  await inPgTransaction(async (client, tx) => {
    await client.query(
      `insert into acknowledgements (kind, item_key, environment_id, note, person_id, actor_name, until)
       values ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => $7))
       on conflict (kind, item_key, environment_id) do update
         set note = excluded.note, person_id = excluded.person_id, actor_name = excluded.actor_name, at = now(), until = excluded.until`,
      [kind, key, environmentId, note, actor.personId, actor.name, hours],
    )
    await notify(tx, 'records', 'fleet')
    await writeAudit(tx, actor, { act: 'fleet.acknowledge', title: label, environmentId, detail: { kind, key, note, hours } })
  })
  forget('fleet')
}

/** Puts it back before its time. Nothing there is no error. Throws `input.invalid`, `access.denied`. */
export const showAgain = async (actor: Actor, item: unknown): Promise<void> => {
  const { kind, key, label, environmentId } = checked(itemSchema, item)
  mustMay(actor, environmentId)
  await inPgTransaction(async (client, tx) => {
    const { rowCount } = await client.query(
      'delete from acknowledgements where kind = $1 and item_key = $2 and environment_id is not distinct from $3',
      [kind, key, environmentId],
    )
    if (rowCount === 0) return
    await notify(tx, 'records', 'fleet')
    await writeAudit(tx, actor, { act: 'fleet.unacknowledge', title: label, environmentId, detail: { kind, key } })
  })
  forget('fleet')
}
