import { createHash } from 'node:crypto'
import { beforeFirst } from '@/lib/kernel/ground/checkpoint'
import { canonicalJson, type Json, type JsonObject } from '@/lib/kernel/ground/json'
import { databaseFault, getPool } from '../pg/client'

/** Everything the hash covers, in the words of the table. `at` in ISO with milliseconds. */
export interface Line {
  seq: number
  id: string
  at: string
  personId: string | null
  actorName: string
  actorKind: string
  from: string | null
  act: string
  resource: string | null
  objectId: string | null
  title: string
  environmentId: string | null
  detail: Json
}

export const hashOf = (previousHash: string, line: Line): string =>
  createHash('sha256')
    .update(previousHash)
    .update(canonicalJson(line as unknown as JsonObject))
    .digest('hex')

/** How far somebody has come who follows the chain. */
export interface ChainPoint {
  lines: number
  head: string
}

export const chainStart: ChainPoint = { lines: 0, head: beforeFirst }

export type Walked =
  | ({ ok: true; isEnd: boolean } & ChainPoint)
  /** `lines` and `head` are the last that hold. */
  | ({ ok: false; firstBroken: number; because: string } & ChainPoint)

export interface WalkOptions {
  /** Stops after about so many lines. */
  linesMax?: number
  /** Why the chain may not have this head after so many lines; null: it may. */
  expect?: (point: ChainPoint) => string | null
  signal?: AbortSignal
}

const batchSize = 2_000

const selectBatch = `select seq, id, at, person_id, actor_name, actor_kind, from_address, act, resource, object_id, title, environment_id, detail,
    previous_hash, hash
  from audit where seq > $1 order by seq limit ${batchSize}`

const readBatch = async (after: number) => {
  try {
    return (await getPool().query(selectBatch, [after])).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** Reads on from a point, in batches, and recomputes every hash. Throws `database.down`; the reason of `signal` when it was aborted. */
export const walkChain = async (
  from: ChainPoint,
  { linesMax = Number.POSITIVE_INFINITY, expect, signal }: WalkOptions = {},
): Promise<Walked> => {
  let { lines, head } = from
  const enough = lines + linesMax
  while (lines < enough) {
    signal?.throwIfAborted()
    const rows = await readBatch(lines)
    for (const row of rows) {
      const line: Line = {
        seq: Number(row.seq),
        id: row.id,
        at: (row.at as Date).toISOString(),
        personId: row.person_id,
        actorName: row.actor_name,
        actorKind: row.actor_kind,
        from: row.from_address,
        act: row.act,
        resource: row.resource,
        objectId: row.object_id,
        title: row.title,
        environmentId: row.environment_id,
        detail: row.detail,
      }
      const broken = (because: string): Walked => ({ ok: false, lines, head, firstBroken: lines + 1, because })
      if (line.seq !== lines + 1)
        return { ...broken(`Line ${lines + 1} is missing: the next one has number ${line.seq}.`), firstBroken: line.seq } as Walked
      if (row.previous_hash !== head) return broken(`Line ${line.seq} does not follow the line before it.`)
      if (hashOf(head, line) !== row.hash) return broken(`Line ${line.seq} was changed after it was written.`)
      const unexpected = expect?.({ lines: line.seq, head: row.hash }) ?? null
      if (unexpected !== null) return broken(unexpected)
      head = row.hash
      lines++
    }
    if (rows.length < batchSize) return { ok: true, isEnd: true, lines, head }
  }
  return { ok: true, isEnd: false, lines, head }
}

/** Hash of one line; null: there is no such line. */
export const hashOfLine = async (seq: number): Promise<string | null> => {
  if (seq === 0) return beforeFirst
  try {
    const { rows } = await getPool().query<{ hash: string }>('select hash from audit where seq = $1', [seq])
    return rows[0]?.hash ?? null
  } catch (error) {
    throw databaseFault(error)
  }
}

export const lastLine = async (): Promise<number> => {
  try {
    const { rows } = await getPool().query<{ seq: string }>('select seq from audit order by seq desc limit 1')
    return Number(rows[0]?.seq ?? 0)
  } catch (error) {
    throw databaseFault(error)
  }
}
