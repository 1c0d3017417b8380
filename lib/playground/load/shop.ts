import type pg from 'pg'
import { purchaseTableSql } from '../services/cluster-files'
import { connectToPrimary, pause, seeded, type Target, turned } from './load'

/** The most purchases that a herd keeps: an application that runs for weeks must not fill the playground. */
const keptRows = 20_000
const buyersPerHerd = 2
/** A buyer waits so long at most between two purchases, milliseconds. */
const pauseMs = 600
const items = 500

/**
 * The playground's application: buyers who write into each herd through its poolers, a few rows a second, until the signal. Whatever fails is tried again
 * on another connection, as an application with a connection pool does. `say` hears of each connection lost and found again.
 */
export async function runShop(targets: readonly Target[], signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const buyers = targets.flatMap((target) =>
    Array.from({ length: buyersPerHerd }, (_, number) =>
      buy({ ...target, endpoints: turned(target.endpoints, number) }, { number, signal, say }),
    ),
  )
  await Promise.all(buyers)
}

type Buyer = { number: number; signal: AbortSignal; say: (line: string) => void }

async function buy(target: Target, { number, signal, say }: Buyer): Promise<void> {
  const random = seeded(number + 1)
  const who = `${target.database}, buyer ${number + 1}`
  let client: pg.Client | undefined
  while (!signal.aborted) {
    try {
      if (!client) {
        client = await connectToPrimary(target)
        if (!client) {
          await pause(pauseMs, signal)
          continue
        }
        await client.query(purchaseTableSql)
        say(`${who}: connected to ${client.host}:${client.port}`)
      }
      const { rows } = await client.query<{ id: string }>('insert into purchase (item_id, quantity) values ($1, $2) returning id', [
        1 + Math.floor(random() * items),
        1 + Math.floor(random() * 3),
      ])
      await client.query('delete from purchase where id <= $1', [Number(rows[0]!.id) - keptRows])
    } catch (fault) {
      say(`${who}: connection lost: ${(fault as Error).message}`)
      // Not awaited: a connection into a cut network never ends politely.
      client?.end().catch(() => {})
      client = undefined
    }
    await pause(random() * pauseMs, signal)
  }
  await client?.end().catch(() => {})
}
