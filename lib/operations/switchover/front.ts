import { leadLines } from '@/lib/domain/poolers/lines'
import { databaseLines } from '@/lib/domain/poolers/pgbouncer-ini'
import type { HerdAim } from '@/lib/domain/poolers/template'
import type { GatherContext } from '@/lib/kernel/operation/operation'
import type { InventoryPooler, PoolerSeen, ReadPorts } from '@/lib/ports'
import type { Place, Plain } from '../facts/instance'
import { aimAt, partOf } from '../facts/pooler-part'
import { lookTimeoutMs, type PoolerPlace } from '../facts/poolers'
import { sayClients } from '../steps/poolers/each-pooler'

/** A pooler in front of the herd, and what a move of the primary does to it. Of a pooler that serves other herds too only this herd's lines and databases. */
export type FrontPooler = {
  pooler: PoolerPlace
  herd: { id: string; name: string }
  seen: Plain<PoolerSeen>
  /** What the herd's lines point to once the candidate is primary, and what they point to now. */
  next: HerdAim | null
  last: HerdAim | null
  /** Its file now; null: there is none, or it is not what its template makes. */
  file: { text: string; digest: string } | null
  /** Clients in session pooling, each keeping a server connection to itself, in words. */
  sessionClients: string[]
  /** The herd's databases, whose clients are paused. */
  databases: string[]
  /** Databases that point to the primary although their lines do not name the herd: nothing would repoint them. */
  strays: string[]
}

export const gatherFront = async (
  ports: ReadPorts,
  pooler: InventoryPooler,
  { herd: { id, name }, primary, candidate }: { herd: { id: string; name: string }; primary: Place | null; candidate: Place | null },
  { signal }: GatherContext,
): Promise<FrontPooler> => {
  const options = { timeoutMs: lookTimeoutMs, signal }
  const seen = await ports.poolers.look(pooler.address, options)
  const about = { pooler, herd: { id, name }, seen }
  const part = partOf(pooler, name)
  if (part === null || primary === null || candidate === null || seen.state !== 'online')
    return { ...about, next: null, last: null, file: null, sessionClients: [], databases: [], strays: [] }
  const [last, next] = [aimAt(primary), aimAt(candidate)]
  const file = await ports.poolers.readFile(pooler.address, options)
  const [was, text] = [last, next].map((aim) => (file === null ? null : leadLines(file.text, part, aim))) as [string | null, string | null]
  const isRight = file !== null && file.text === was
  const databases = isRight ? movedBy(was!, text!, seen.databases) : []
  const bySession = seen.databases.filter((one) => databases.includes(one.name) && one.poolMode === 'session' && one.clientsActive > 0)
  const clients = bySession.length === 0 ? [] : await ports.poolers.clients(pooler.address, options)
  return {
    ...about,
    next,
    last,
    file: isRight ? { text: file.text, digest: file.digest } : null,
    sessionClients: clients
      .filter(({ database, remotePid }) => remotePid !== null && bySession.some(({ name }) => name === database))
      .map((client) => sayClients([client])),
    databases,
    strays: seen.databases
      .filter(({ name, host, port }) => host === last.host && port === last.port && !databases.includes(name))
      .map(({ name }) => name),
  }
}

/** Databases that the new file points elsewhere; `*` stands for those that have no line. */
const movedBy = (was: string, text: string, seen: PoolerSeen['databases']): string[] => {
  const [before, after] = [databaseLines(was), databaseLines(text)]
  const moves = (name: string): boolean => {
    const [from, to] = [before, after].map((lines) => lines.find((line) => line.name === name))
    return from !== undefined && (from.host !== to?.host || from.port !== to?.port)
  }
  return seen.map(({ name }) => name).filter((name) => moves(before.some((line) => line.name === name) ? name : '*'))
}
