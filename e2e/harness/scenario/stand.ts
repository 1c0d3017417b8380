import pg from 'pg'
import { type RunningLoad, startLoad } from '@/lib/playground/lab/load-cli'
import { readSecrets } from '@/lib/playground/machine/secrets'
import { poolerPort } from '@/lib/playground/services/poolers'
import type { Relay } from '@/lib/playground/services/relay'
import { decideOn, jobsOf, type Order } from './orders'
import type { Place } from './place'
import type { StepOf } from './words'

/** How far a scenario has come. */
export interface Stand {
  place: Place
  /** Oldest first, by name; the same name again replaces. */
  orders: Map<string, Order>
  /** By the lab’s name of the herd. */
  loads: Map<string, RunningLoad>
  transaction: Transaction | null
  lateWrite: 'rejected' | 'accepted' | null
  /** Small volumes that are full, and hosts whose clock is wrong, by the lab’s names. */
  filled: { host: string; volume: 'data' | 'wal' }[]
  skewed: Set<string>
}

interface Transaction {
  client: pg.Client
  relay: Relay
}

/** Longer than any pause of a pooler. */
const answerTimeoutMs = 20_000
const appUser = 'app'

export const lastOrder = ({ orders }: Stand, name: string | undefined): Order => {
  const found = name === undefined ? [...orders.values()].at(-1) : orders.get(name)
  if (!found) throw new Error(name === undefined ? 'Nothing was ordered yet.' : `Nothing was ordered as ${name}.`)
  return found
}

export const beginLoad = async (stand: Stand, { load: writers, herd, through }: StepOf<'load'>): Promise<string> => {
  const { place, loads } = stand
  const { name } = place.herd(herd)
  if (loads.has(name)) throw new Error('It is written already: one load for a herd at a time.')
  const hosts = through.flatMap((one) => (one === 'members' ? [] : one === 'poolers' ? frontOf(place, name) : [one]))
  if (hosts.length === 0 && !through.includes('members')) throw new Error('There is no pooler to write through.')
  const ledgerFile = place.lab.layout.at(`ledger-${name}-${Date.now()}`)
  loads.set(name, await startLoad(place.lab, name, { ledgerFile, writers, through: hosts.map(place.host) }))
  return `writes ${hosts.length === 0 ? 'straight to the members' : `through ${hosts.join(', ')}`}`
}

const frontOf = (place: Place, herd: string): string[] => place.poolers(place.plain(herd)).map(({ host }) => host)

/** Writes a row in it, so that it has what a commit or a rollback would decide. */
export const openTransaction = async (stand: Stand, words: StepOf<'open transaction'>): Promise<string> => {
  if (stand.transaction !== null) throw new Error('A transaction is open already.')
  const { lab, ...place } = stand.place
  const herd = place.herd(words.herd)
  const host = words.through === undefined ? herd.members[0]!.host : place.host(words.through)
  const port = words.through === undefined ? herd.port : poolerPort
  const relay = await lab.relay({ listenHost: '127.0.0.1', listenPort: 0, target: { host: lab.host(host).address, port } })
  const client = new pg.Client({
    host: relay.host,
    port: relay.port,
    database: herd.baseName,
    user: appUser,
    password: readSecrets(lab.layout).app,
    application_name: words['open transaction'],
    query_timeout: answerTimeoutMs,
  })
  client.on('error', () => {})
  await client.connect()
  stand.transaction = { client, relay }
  await client.query('begin')
  await client.query('create temporary table left_open (n int) on commit drop')
  await client.query('insert into left_open values (1)')
  return `left open on ${place.plain(host)}`
}

export const transactionState = async ({ transaction }: Stand): Promise<'open' | 'broken'> => {
  if (transaction === null) throw new Error('No transaction was opened: begin with “open transaction”.')
  const answer = await transaction.client.query('select n from left_open').catch(() => null)
  return answer?.rowCount === 1 ? 'open' : 'broken'
}

/** Ends what a scenario leaves running. `isShared`: another one has the same herd next, which no job of this one may hold. */
export const endStand = async (stand: Stand, isShared: boolean): Promise<void> => {
  const { lab, holds } = stand.place
  await holds.forget()
  if (isShared)
    for (const order of stand.orders.values())
      if ((await jobsOf(order)).some(({ state }) => state === 'attention')) await decideOn(order, 'abandon')
  for (const { host, volume } of stand.filled) await lab.unfill(host, volume)
  for (const host of stand.skewed) await lab.skew(host, 0)
  await stand.transaction?.client.end().catch(() => {})
  await stand.transaction?.relay.close()
  for (const load of stand.loads.values()) await load.stop().catch(() => {})
}
