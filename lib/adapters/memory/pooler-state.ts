import { createHash } from 'node:crypto'
import { databaseLines } from '@/lib/domain/poolers/pgbouncer-ini'
import { Fault } from '@/lib/kernel/ground/errors'
import type { DeadManArming, InventoryPooler, PoolerAddress, PoolerClient, PoolMode } from '@/lib/ports'
import type { MemoryHost, World } from './world'

/** A database as the pooler applies it, which is what its file said at the last reload. */
export interface MemoryPooled {
  host: string | null
  port: number
  mode: PoolMode
  isPaused: boolean
  isDisabled: boolean
  /** Clients that hold a server: PAUSE waits for them. */
  busy: PoolerClient[]
  /** Clients that hold none. */
  idle: PoolerClient[]
}

export interface MemoryPooler {
  inventory: InventoryPooler
  host: MemoryHost
  isRunning: boolean
  /** Its console refuses the login. */
  refusesLogin: boolean
  isPausedWhole: boolean
  databases: Map<string, MemoryPooled>
  /** null: it has no file. */
  file: { text: string; owner: string; mode: string } | null
  /** What the last write replaced. */
  before: string | null
  /** The highest token that has written the file, whoever's lines. */
  readonly fence: number
  /** Of whoever wrote the lines of one herd alone, by the herd's id; '' for the whole file. */
  fences: Map<string, number>
  /** The last token the console's database gave out for it. */
  claimed: number
  /** On its host: of each herd the last one that was armed, and the one before. */
  timers: MemoryDeadMan[]
  /** Why no timer could work on its host. */
  timerProblem: string | null
  /** Every act that changed it, in order: `pause orders`, `write`, `reload` … */
  applied: string[]
}

/** A timer on a pooler's host. It acts when the pooler is looked at after its time is up, as if it had acted then. */
export interface MemoryDeadMan {
  arming: DeadManArming
  expiresAtMs: number
  /** Of the files that it may replace, without the lines of other herds. */
  digests: string[]
  outcome: 'disarmed' | 'overtaken' | 'firing' | 'fired' | null
  ledTo: string | null
  resumed: string[]
}

/** What a reload does: known databases keep their clients and their pause. */
export const applyFile = (pooler: MemoryPooler): void => {
  const lines = databaseLines(pooler.file?.text ?? '')
  for (const { name, host, port } of lines) {
    const known = pooler.databases.get(name)
    if (known) Object.assign(known, { host, port })
    else pooler.databases.set(name, { host, port, mode: 'transaction', isPaused: false, isDisabled: false, busy: [], idle: [] })
  }
  for (const name of pooler.databases.keys()) if (!lines.some((line) => line.name === name)) pooler.databases.delete(name)
}

export const findPooler = (world: World, { poolerId }: PoolerAddress): MemoryPooler => {
  const pooler = world.poolers.get(poolerId)
  if (pooler === undefined) throw new Fault('record.missing', { because: 'The pooler is not registered any more.' })
  return pooler
}

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The token that counts against a writer of one herd's lines; null: of the whole file. */
export const fenceFor = ({ fences, fence }: MemoryPooler, herdId: string | null): number =>
  herdId === null ? fence : Math.max(fences.get('') ?? 0, fences.get(herdId) ?? 0)

export const putFile = (pooler: MemoryPooler, text: string, { token, herdId }: { token: number; herdId: string | null }): void => {
  pooler.fences = herdId === null ? new Map([['', token]]) : new Map([...pooler.fences, [herdId, token]])
  pooler.before = pooler.file!.text
  pooler.file!.text = text
}
