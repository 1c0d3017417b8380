import type { AuditEntry } from '@/db/trail/audit'
import { writeOften } from '@/db/trail/folds'
import type { Actor } from '@/lib/kernel/access/access'
import { isFault } from '@/lib/kernel/ground/errors'
import { logger } from '@/lib/log'
import { networkOf } from './address'

const stranger = (from: string | null): Actor => ({
  kind: 'person',
  personId: null,
  name: 'not signed in',
  grants: [],
  from: from ?? undefined,
})

/** What is being written, and how many of it came meanwhile. A flood must not take the database from others: of each kind one is on its way. */
const onTheirWay = new Map<string, number>()
const strangersMax = 4

/** A refusal stands whether it could be written down or not. */
const write = async (actor: Actor, entry: AuditEntry, kind: string): Promise<void> => {
  const isMany = actor.personId === null && onTheirWay.size >= strangersMax
  const key = JSON.stringify([entry.act, actor.personId, isMany ? 'several' : kind])
  const meanwhile = onTheirWay.get(key)
  if (meanwhile !== undefined) {
    onTheirWay.set(key, meanwhile + 1)
    return
  }
  const [who, what]: [Actor, AuditEntry] = isMany ? [stranger(null), { act: entry.act, title: 'several at once' }] : [actor, entry]
  onTheirWay.set(key, 0)
  try {
    for (let times = 1; times > 0; times = onTheirWay.get(key) ?? 0) {
      onTheirWay.set(key, 0)
      await writeOften(who, what, isMany ? 'several' : kind, times)
    }
  } catch (err) {
    logger().error({ err, act: entry.act, actor: actor.name }, 'a refusal could not be written to the audit log')
  } finally {
    onTheirWay.delete(key)
  }
}

/**
 * Writes down that somebody was refused what they may not do: a permission, an approval that is missing or may not be theirs, a change from another site. Anything
 * else is no refusal and leaves no line. `what`: `POST /api/v1/runs`; `kind`: the same without ids. Never throws.
 */
export const noteRefused = async (
  actor: Actor | null,
  error: unknown,
  what: string,
  kind = what,
  from: string | null = null,
): Promise<void> => {
  if (!isFault(error) || error.status !== 403) return
  const who = actor ?? stranger(from)
  await write(
    who,
    { act: 'access.refused', title: what.slice(0, 200), detail: { code: error.code, because: error.message.slice(0, 300) } },
    `${error.code} ${kind}`,
  )
}

/** Writes down a token, an enrolment key or a host's token that is none. `shown`: what is no secret of it. Never throws. */
export const noteBadToken = async (
  what: 'token' | 'enrolment-key' | 'host-token',
  shown: string | null,
  from: string | null,
  error: unknown,
): Promise<void> => {
  const isThrottled = isFault(error, 'auth.throttled')
  if (!isThrottled && !isFault(error, 'auth.required')) return
  await write(stranger(from), { act: `${what}.${isThrottled ? 'throttled' : 'refused'}`, title: shown ?? 'none of ours' }, networkOf(from))
}

/** People type passwords where their name belongs: of a name that nobody has, only its begin is kept. */
const maskedName = (userName: string): string => `${userName.slice(0, 1)}… (unknown name of ${userName.length} characters)`

/** Writes down a login that failed, or was not tried because too many failed before it. Never throws. */
export const noteBadLogin = async (
  name: { userName: string; isKnown: boolean } | null,
  from: string | null,
  error: unknown,
): Promise<void> => {
  const because = isFault(error) ? error.code : 'internal.bug'
  const title = name === null ? 'no name' : name.isKnown ? name.userName : maskedName(name.userName)
  const actor: Actor = { ...stranger(from), name: title }
  const act = because === 'auth.throttled' ? 'login.throttled' : 'login.refused'
  await write(actor, { act, resource: 'person', title, detail: { because } }, `${because} ${name?.userName ?? ''} ${networkOf(from)}`)
}
