import { sql } from 'drizzle-orm'
import { isToldAct, type ToldAct } from '@/lib/domain/notifications/notice'
import type { Actor } from '@/lib/kernel/access/access'
import { asksProof } from '@/lib/kernel/access/proof'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Json, JsonObject } from '@/lib/kernel/ground/json'
import type { AuditVerdict } from '@/lib/shapes/audit'
import type { Tx } from '../pg/client'
import { audit } from '../schema'
import { chainStart, hashOf, type Line, walkChain } from './chain'
import { contradiction, cutOff, readMarks } from './marks'
import { tellPerson } from './notices'

export interface AuditEntry {
  /** `login`, `login.refused`, `herd.change`, `run.submit` … */
  act: string
  resource?: string
  objectId?: string
  title?: string
  environmentId?: string | null
  /** Plain JSON; never a secret. */
  detail?: JsonObject
  /** A secret was put in or replaced. */
  givesSecret?: boolean
}

const chainLock = 7_301_992

/** PostgreSQL keeps neither NUL characters nor lone surrogates: without them what is hashed is what will be read back. */
const storableText = (text: string): string => Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8')
export const storable = (detail: Json): Json =>
  JSON.parse(JSON.stringify(detail, (_key, value) => (typeof value === 'string' ? storableText(value) : value))) as Json

/**
 * Adds a line to the chain inside the caller's transaction. Lines are written one at a time over the whole console until that transaction ends,
 * so call it last: locks taken after it could wait for one another. What changes something without a line here is not done, so this is the one place that
 * asks for a fresh proof: throws `auth.proof`, and the transaction with all it did is undone.
 */
export const writeAudit = async (tx: Tx, actor: Actor, entry: AuditEntry): Promise<void> => {
  mustBeProved(actor, entry)
  await tx.execute(sql`select pg_advisory_xact_lock(${chainLock})`)
  // A statement of its own: the snapshot has to be taken after the lock was given.
  const last = await tx.execute<{ seq: string; hash: string }>(sql`select seq, hash from audit order by seq desc limit 1`)
  const previousHash = last.rows[0]?.hash ?? chainStart.head
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
  if (isToldAct(entry.act)) await tellWhomItIsOf(tx, actor, entry, entry.act)
}

/** Of the person it is done to, or, of a token, in whose name. */
const tellWhomItIsOf = async (tx: Tx, actor: Actor, { objectId, title = '' }: AuditEntry, act: ToldAct): Promise<void> => {
  const personId = act === 'token.create' ? actor.personId : objectId
  if (personId) await tellPerson(tx, { personId, act, title, actorName: actor.name, from: actor.from })
}

const mustBeProved = (actor: Actor, { act, detail, givesSecret }: AuditEntry): void => {
  if (actor.isProofStale !== true) return
  const fields = Array.isArray(detail?.fields) ? detail.fields.map(String) : []
  if (givesSecret || asksProof(act, fields)) throw new Fault('auth.proof')
}

let verifying: Promise<AuditVerdict> | null = null

/**
 * Reads the whole chain, first line to last, recomputes every hash, and holds it against the copies of the signed checkpoints. Minutes for millions of lines;
 * changes nothing. Whoever asks while a process is at it gets the verdict of that reading.
 */
export const verifyAudit = (): Promise<AuditVerdict> => {
  verifying ??= readChain().finally(() => {
    verifying = null
  })
  return verifying
}

const readChain = async (): Promise<AuditVerdict> => {
  const { marks, count, because } = await readMarks()
  const walked = await walkChain(chainStart, { expect: ({ lines, head }) => contradiction(marks, lines, head) })
  const { lines, head } = walked
  if (!walked.ok) return { ok: false, lines, head, checkpoints: count, firstBroken: walked.firstBroken, because: walked.because }
  const signed = Math.max(0, ...marks.keys())
  if (signed > lines)
    return { ok: false, lines, head, checkpoints: count, firstBroken: lines + 1, because: cutOff(lines, signed, marks.get(signed)!.at) }
  if (because !== null) return { ok: false, lines, head, checkpoints: count, because }
  return { ok: true, lines, head, checkpoints: count }
}
