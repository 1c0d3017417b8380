import { createHash } from 'node:crypto'
import { databaseLines } from '@/lib/domain/poolers/pgbouncer-ini'
import { Fault } from '@/lib/kernel/ground/errors'
import type { PoolerAddress } from '@/lib/ports'
import type { MemoryPooler, World } from '../world/world'

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
