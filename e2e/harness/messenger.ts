import { makeDestinationSource } from '@/db/notifications/destinations'
import { type Found, noteTroubles } from '@/db/notifications/incidents'
import { renewSigningSecret } from '@/db/notifications/subscriptions'
import { getPool } from '@/db/pg/client'
import { addRecord } from '@/db/records/records'
import { publishSealingKey } from '@/db/records/sealing-key'
import { type SenderOptions, sendDue } from '@/jobs/messenger/send'
import { makeMessages } from '@/lib/adapters/messages'
import { makeVault } from '@/lib/adapters/vault'
import type { Trouble } from '@/lib/domain/notifications/trouble'
import type { Actor } from '@/lib/kernel/access/access'
import { resourceByName } from '@/lib/resources'
import { startDatabase } from './daemons/database'
import { type Received, startReceiver } from './daemons/receiver'

const vault = makeVault(Buffer.alloc(32, 7).toString('base64'))
const log = { info: () => {}, warn: () => {}, error: () => {} }

/** What a message is about, as its receiver reads it. */
export const eventsOf = (received: readonly Received[]): [string, string][] =>
  received.flatMap(({ body }) =>
    (JSON.parse(body).troubles as { event: string; object: string }[]).map(({ event, object }): [string, string] => [event, object]),
  )

/** What a worker sends with: loopbacks are allowed, and there is no mail server. */
export const openSender = async (): Promise<SenderOptions> => {
  await publishSealingKey(vault.publicKey)
  return {
    messages: makeMessages({ networks: ['127.0.0.0/8'], ca: null, mail: null }),
    destinationOf: makeDestinationSource(vault),
    consoleUrl: 'https://console.example.org/',
    log,
  }
}

/** A console's database with two environments and a DBA, a receiver on a loopback, and what a worker sends with. */
export const openMessenger = async () => {
  const database = await startDatabase()
  // What is read from the environment besides has defaults.
  process.env.DATABASE_URL ??= database.connectionString
  const receiver = await startReceiver()
  const one = async (text: string, values: unknown[] = []): Promise<string> =>
    (await getPool().query(`${text} returning id`, values)).rows[0].id
  const prod = await one(`insert into environments (name, position) values ('prod', 1)`)
  const dev = await one(`insert into environments (name, position) values ('dev', 2)`)
  const personId = await one(`insert into people (user_name) values ('dana')`)
  await getPool().query(`insert into grants (person_id, role) values ($1, 'dba')`, [personId])
  const dana: Actor = { kind: 'person', personId, name: 'dana', grants: [{ role: 'dba', environmentId: null }] }
  const options = await openSender()
  const subscription = resourceByName('subscription')!

  return {
    receiver,
    prod,
    dev,
    dana,
    options,
    /** Adds a signed webhook of prod. */
    subscribe: async (over: Record<string, unknown> = {}): Promise<string> => {
      const values = { name: `s-${crypto.randomUUID()}`, environmentId: prod, channel: 'webhook', url: receiver.url, ...over }
      const { id } = await addRecord(dana, subscription, values)
      if (values.channel === 'webhook') await renewSigningSecret(dana, id)
      return id
    },
    /** What is found now is all there is. */
    look: (troubles: readonly Trouble[], acknowledged: Found['acknowledged'] = []) =>
      noteTroubles(async () => ({ troubles, acknowledged })),
    /** Everything that waits for its time is due. */
    later: () => getPool().query(`update deliveries set due_at = now() where state = 'waiting' and due_at > now()`),
    send: () => sendDue(options),
    deliveries: async () =>
      (
        await getPool().query(
          `select id, subscription_id as "subscriptionId", event, state, attempts, answer, due_at as "dueAt" from deliveries order by created_at, id`,
        )
      ).rows,
    clear: async () => {
      await getPool().query('delete from subscriptions')
      await getPool().query('delete from incidents')
      receiver.received.length = 0
      receiver.answer = { status: 200, body: 'ok' }
    },
    stop: async () => {
      await receiver.stop()
      await database.stop()
    },
  }
}

export type MessengerBench = Awaited<ReturnType<typeof openMessenger>>
