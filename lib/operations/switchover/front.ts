import { databaseLines } from '@/lib/domain/pgbouncer-ini'
import type { GatherContext } from '@/lib/kernel/operation'
import type { InventoryInstance, InventoryPooler, PoolerSeen, ReadPorts } from '@/lib/ports'
import type { Place, Plain } from '../facts'
import { lookTimeoutMs, type PoolerPlace } from '../poolers/facts'
import { renderFor } from '../poolers/follow'
import { sayClients } from '../steps/poolers'

/** A pooler in front of the herd, and what a move of the primary does to it. */
export type FrontPooler = {
  pooler: PoolerPlace
  seen: Plain<PoolerSeen>
  /** What its file is to say once the candidate leads; null: the console does not write it. */
  text: string | null
  /** Of its file now; null: there is none, or it is not what its template makes. */
  digest: string | null
  /** Who keeps a server for itself because its pool is by session, in words. */
  sessionClients: string[]
  /** The databases that lead to the primary, whose clients are held back. */
  databases: string[]
}

type Member = Pick<InventoryInstance, 'address'>

export const gatherFront = async (
  ports: ReadPorts,
  pooler: InventoryPooler,
  { primary, candidate }: { primary: Place | null; candidate: Place | null },
  { signal }: GatherContext,
): Promise<FrontPooler> => {
  const options = { timeoutMs: lookTimeoutMs, signal }
  const seen = await ports.poolers.look(pooler.address, options)
  const { template, isManaged } = pooler
  if (template === null || !isManaged || primary === null || candidate === null || seen.state !== 'online')
    return { pooler, seen, text: null, digest: null, sessionClients: [], databases: [] }
  const file = await ports.poolers.readFile(pooler.address, options)
  const [was, text] = [primary, candidate].map((member: Member) => renderFor(pooler, template, member)) as [string, string]
  const databases = movedBy(was, text, seen.databases)
  const bySession = seen.databases.filter((one) => databases.includes(one.name) && one.poolMode === 'session' && one.clientsActive > 0)
  const clients = bySession.length === 0 ? [] : await ports.poolers.clients(pooler.address, options)
  return {
    pooler,
    seen,
    text,
    digest: file?.text === was ? file.digest : null,
    sessionClients: clients
      .filter(({ database, remotePid }) => remotePid !== null && bySession.some(({ name }) => name === database))
      .map((client) => sayClients([client])),
    databases,
  }
}

/** Databases that lead elsewhere by the new file; `*` speaks for those that have no line. */
const movedBy = (was: string, text: string, seen: PoolerSeen['databases']): string[] => {
  const [before, after] = [databaseLines(was), databaseLines(text)]
  const moves = (name: string): boolean => {
    const [from, to] = [before, after].map((lines) => lines.find((line) => line.name === name))
    return from !== undefined && (from.host !== to?.host || from.port !== to?.port)
  }
  return seen.map(({ name }) => name).filter((name) => moves(before.some((line) => line.name === name) ? name : '*'))
}
