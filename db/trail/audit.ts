import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Actor } from '@/lib/kernel/access/access'
import { canonicalJson, type Json, type JsonObject } from '@/lib/kernel/ground/json'
import type { AuditVerdict } from '@/lib/shapes/audit'
import { getPool, type Tx } from '../pg/client'
import { audit } from '../schema'

export interface AuditEntry {
  /** `login`, `login.refused`, `herd.change`, `run.submit` … */
  act: string
  resource?: string
  objectId?: string
  title?: string
  environmentId?: string | null
  /** Plain JSON; never a secret. */
  detail?: JsonObject
}

/** Everything the hash covers, in the words of the table. `at` in ISO with milliseconds. */
interface Line {
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

/** What the first line carries as the hash before it. */
const origin = '0'.repeat(64)
const chainLock = 7_301_992
const batchSize = 2_000

const hashOf = (previousHash: string, line: Line): string =>
  createHash('sha256')
    .update(previousHash)
    .update(canonicalJson(line as unknown as JsonObject))
    .digest('hex')

/** PostgreSQL keeps neither NUL characters nor lone surrogates: without them what is hashed is what will be read back. */
const storableText = (text: string): string => Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8')
const storable = (detail: JsonObject): Json =>
  JSON.parse(JSON.stringify(detail, (_key, value) => (typeof value === 'string' ? storableText(value) : value))) as Json

/**
 * Adds a line to the chain inside the caller's transaction. Lines are written one at a time over the whole console until that transaction ends,
 * so call it last: locks taken after it could wait for one another.
 */
export const writeAudit = async (tx: Tx, actor: Actor, entry: AuditEntry): Promise<void> => {
  await tx.execute(sql`select pg_advisory_xact_lock(${chainLock})`)
  // A statement of its own: the snapshot has to be taken after the lock was given.
  const last = await tx.execute<{ seq: string; hash: string }>(sql`select seq, hash from audit order by seq desc limit 1`)
  const previousHash = last.rows[0]?.hash ?? origin
  const line: Line = {
    seq: Number(last.rows[0]?.seq ?? 0) + 1,
    id: crypto.randomUUID(),
    at: new Date().toISOString(),
    personId: actor.personId,
    actorName: storableText(actor.name),
    actorKind: actor.kind,
    from: actor.from ?? null,
    act: entry.act,
    resource: entry.resource ?? null,
    objectId: entry.objectId ?? null,
    title: storableText(entry.title ?? ''),
    environmentId: entry.environmentId ?? null,
    detail: storable(entry.detail ?? {}),
  }
  await tx.insert(audit).values({ ...line, at: new Date(line.at), previousHash, hash: hashOf(previousHash, line) })
}

const selectBatch = `select seq, id, at, person_id, actor_name, actor_kind, from_address, act, resource, object_id, title, environment_id, detail,
    previous_hash, hash
  from audit where seq > $1 order by seq limit ${batchSize}`

let verifying: Promise<AuditVerdict> | null = null

/**
 * Reads the whole chain, first line to last, and recomputes every hash. Minutes for millions of lines; changes nothing. Whoever asks while a process is at it gets
 * the verdict of that reading.
 */
export const verifyAudit = (): Promise<AuditVerdict> => {
  verifying ??= readChain().finally(() => {
    verifying = null
  })
  return verifying
}

const readChain = async (): Promise<AuditVerdict> => {
  let lines = 0
  let head = origin
  for (;;) {
    const { rows } = await getPool().query(selectBatch, [lines])
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
      const broken = (because: string): AuditVerdict => ({ ok: false, lines, head, firstBroken: line.seq, because })
      if (line.seq !== lines + 1) return broken(`Line ${lines + 1} is missing: the next one has number ${line.seq}.`)
      if (row.previous_hash !== head) return broken(`Line ${line.seq} does not follow the line before it.`)
      if (hashOf(head, line) !== row.hash) return broken(`Line ${line.seq} was changed after it was written.`)
      head = row.hash
      lines++
    }
    if (rows.length < batchSize) return { ok: true, lines, head }
  }
}
