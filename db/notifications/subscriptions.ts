import type { Actor } from '@/lib/kernel/access/access'
import { Fault } from '@/lib/kernel/ground/errors'
import { subscription } from '@/lib/resources/subscription'
import { databaseFault, getPool } from '../pg/client'
import { inPgTransaction } from '../pg/transaction'
import { mayOnRow } from '../records/reach'
import { lockRow } from '../records/save'
import { sealFor } from '../records/sealing-key'
import { writeAudit } from '../trail/audit'
import { signingPurpose } from './destinations'

/** For so long the secret before it signs as well. */
const overlapHours = 24
const secretBytes = 32

const makeSigningSecret = (): string => `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(secretBytes))).toString('base64url')}`

/** Who holds the secret speaks for the console to whoever receives: a leaked token must not come to one. */
const mustBePerson = (actor: Actor): void => {
  if (actor.kind === 'token')
    throw new Fault('access.denied', { because: 'Only a person who is signed in creates a signing secret, never an API token.' })
}

/** Locks a subscription that the actor may change. Throws `record.missing`, `access.denied`. */
const lockOwn = async (tx: Parameters<typeof lockRow>[0], actor: Actor, id: string) => {
  const row = await lockRow(tx, actor, subscription, id)
  const environmentId = row.environmentId as string | null
  if (!mayOnRow(actor, subscription, 'change', { environmentId })) throw new Fault('access.denied')
  return { name: row.name as string, channel: row.channel as string, environmentId, isSigned: row.isSigned === true }
}

/**
 * A new signing secret, shown in this answer and nowhere else. The one before it signs beside it until `previousUntil` (ISO; null: there was none); one that was
 * still valid before that one ends now. Throws `record.missing`, `access.denied` (a token too, whatever its role), `input.invalid` for another channel, `worker.absent`.
 */
export const renewSigningSecret = async (actor: Actor, id: string): Promise<{ secret: string; previousUntil: string | null }> => {
  // Who may not is told so first, and nothing of the workers or of what there is.
  mustBePerson(actor)
  await inPgTransaction((_client, tx) => lockOwn(tx, actor, id))
  const secret = makeSigningSecret()
  const sealed = await sealFor(signingPurpose, secret)
  return inPgTransaction(async (client, tx) => {
    const { name, channel, environmentId } = await lockOwn(tx, actor, id)
    if (channel !== 'webhook') throw new Fault('input.invalid', { because: 'Only a signed webhook has a signing secret.' })
    const { rows } = await client.query<{ previousUntil: Date | null }>(
      `update subscriptions set sealed_previous_signing = sealed_signing, sealed_signing = $2,
         previous_until = case when sealed_signing is not null then now() + make_interval(hours => $3) end,
         changed_at = now(), revision = revision + 1
       where id = $1 returning previous_until as "previousUntil"`,
      [id, sealed, overlapHours],
    )
    await writeAudit(tx, actor, { act: 'subscription.new-secret', resource: 'subscription', objectId: id, title: name, environmentId })
    await client.query(`select pg_notify('records', 'subscription')`)
    return { secret, previousUntil: rows[0]!.previousUntil?.toISOString() ?? null }
  })
}

/** Puts a test into the outbox, for a worker to send at once and once; one that still waits is this one. Throws `record.missing`, `access.denied`. */
export const askTest = (actor: Actor, id: string): Promise<string> =>
  inPgTransaction(async (client, tx) => {
    const { name, environmentId } = await lockOwn(tx, actor, id)
    const waiting = await client.query<{ id: string }>(
      `select id from deliveries where subscription_id = $1 and event = 'test' and state = 'waiting' limit 1`,
      [id],
    )
    if (waiting.rows[0]) return waiting.rows[0].id
    const { rows } = await client.query<{ id: string }>(
      `insert into deliveries (subscription_id, environment_id, event, severity, title, due_at) values ($1, $2, 'test', 'info', $3, now()) returning id`,
      [id, environmentId, `Test of ${name}`],
    )
    await writeAudit(tx, actor, { act: 'subscription.test', resource: 'subscription', objectId: id, title: name, environmentId })
    await client.query(`select pg_notify('records', 'message')`)
    return rows[0]!.id
  })

export interface DeliverySeen {
  state: 'waiting' | 'sent' | 'given-up' | 'folded'
  answer: string | null
}

/** The caller has shown that the actor may see it. null: it is gone with its subscription. */
export const seeDelivery = async (id: string): Promise<DeliverySeen | null> => {
  try {
    const { rows } = await getPool().query<DeliverySeen>('select state, answer from deliveries where id = $1', [id])
    return rows[0] ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}
