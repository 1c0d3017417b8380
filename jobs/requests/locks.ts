import { forget } from '@/db/pg/cached'
import { notify, type Tx } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { getRecord } from '@/db/records/records'
import { jobsWaitingFor } from '@/db/runs/claims'
import { type HerdLock, holdOutside, keepOutside, leaseOfHerd, releaseOutside } from '@/db/runs/herd-locks'
import { breakLease } from '@/db/runs/leases'
import { writeAudit } from '@/db/trail/audit'
import { type Actor, mayIn } from '@/lib/kernel/access/access'
import { lockPermission } from '@/lib/kernel/access/access-matrix'
import { Fault } from '@/lib/kernel/ground/errors'
import { sayReservation } from '@/lib/kernel/operation/reservation'
import { herd } from '@/lib/resources/herd'
import { getWaker } from '../queue/location'

export interface LockWish {
  /** Why, as others read it who have to wait. */
  reason: string
  /** Host and process of the command that runs under it. */
  holder: string
  /** How long the lock outlives a holder that no longer says so. */
  ttlSeconds: number
}

/** Needed in the herd's environment to hold a herd from outside. */

const nameOf = (herdId: string) => `herd:${herdId}`

const seenHerd = async (actor: Actor, herdId: string) => {
  const { title, environmentId } = await getRecord(actor, herd, herdId)
  return { resource: 'herd', objectId: herdId, title, environmentId }
}

/** The herd's page and the front page show who holds what. */
const tell = async (tx: Tx): Promise<void> => {
  await notify(tx, 'records', 'herd')
  await notify(tx, 'records', 'fleet')
}

/**
 * Takes the herd's lock for work outside the console: until it is given back, every job that needs the herd waits. Answers the id to keep it and give it back with.
 * A herd with an open job is that job's until it ends or is abandoned. Throws `lock.held` with who holds it, `access.denied`, `record.missing`.
 */
export const lockHerd = async (actor: Actor, herdId: string, wish: LockWish): Promise<{ id: string; herd: string; ttlSeconds: number }> => {
  const about = await seenHerd(actor, herdId)
  if (!mayIn(actor, lockPermission, about.environmentId))
    throw new Fault('access.denied', { because: `You may not lock ${about.title}.`, permission: lockPermission.name })
  const id = crypto.randomUUID()
  await inPgTransaction(async (client, tx) => {
    const other = await holdOutside(client, { actor, id, name: nameOf(herdId), ...wish })
    if (other !== null && 'runId' in other)
      throw new Fault('lock.held', {
        because: `${about.title} is ${sayReservation(other)}.`,
        owner: null,
        holder: null,
        reason: `${other.operation} of ${other.title} (${other.actorName})`,
        since: other.startedAt,
        runId: other.runId,
      })
    if (other)
      throw new Fault('lock.held', {
        because:
          other.owner === null
            ? `${about.title} is held by ${other.reason}, driven by ${other.holder}, since ${other.acquiredAt}.`
            : `${about.title} is locked by ${other.owner}, from ${other.holder}, since ${other.acquiredAt}: ${other.reason}.`,
        owner: other.owner,
        holder: other.holder,
        reason: other.reason,
        since: other.acquiredAt,
      })
    await tell(tx)
    await writeAudit(tx, actor, { act: 'herd.lock', ...about, detail: { reason: wish.reason, holder: wish.holder } })
  })
  forget('fleet')
  return { id, herd: about.title, ttlSeconds: wish.ttlSeconds }
}

/** The sign of life of a lock's holder. Throws `lock.lost` when it was taken away, or ran out and was taken by somebody else. */
export const keepLock = (actor: Actor, id: string, ttlSeconds: number): Promise<{ expiresAt: string }> => keepOutside(actor, id, ttlSeconds)

/** Releases a lock and wakes the jobs that waited for it. One that is gone already is no error. */
export const unlockHerd = async (actor: Actor, id: string): Promise<void> => {
  const name = await inPgTransaction(async (client, tx) => {
    const released = await releaseOutside(client, actor, id)
    if (released === null) return null
    await tell(tx)
    await writeAudit(tx, actor, {
      act: 'herd.unlock',
      resource: 'herd',
      objectId: released.herdId,
      title: released.title,
      environmentId: released.environmentId,
      detail: { reason: released.reason, holder: released.holder },
    })
    return nameOf(released.herdId)
  })
  forget('fleet')
  if (name !== null) await getWaker().wakeJobs(await jobsWaitingFor([name]))
}

/** Who holds the herd from outside now; null: nobody. Throws `record.missing`. */
export const herdLock = async (actor: Actor, herdId: string): Promise<HerdLock | null> => {
  await seenHerd(actor, herdId)
  return leaseOfHerd(herdId)
}

/**
 * Takes a herd's lock from the person who holds it: for administrators of the environment, when the holder is gone or has to make room. The command under it is
 * told at its next sign of life, not before. Throws `record.missing` when nobody holds it from outside, `access.denied`.
 */
export const breakLock = async (actor: Actor, herdId: string): Promise<void> => {
  const about = await seenHerd(actor, herdId)
  if (!mayIn(actor, 'setting.change', about.environmentId))
    throw new Fault('access.denied', { because: 'Only an administrator may break a lock.' })
  if ((await leaseOfHerd(herdId)) === null) throw new Fault('record.missing', { because: `Nobody has locked ${about.title}.` })
  await inPgTransaction(async (client, tx) => {
    const lease = await breakLease(client, nameOf(herdId))
    await tell(tx)
    await writeAudit(tx, actor, {
      act: 'lease.release',
      ...about,
      detail: { owner: lease.owner, holder: lease.holder, reason: lease.reason, jobId: lease.jobId },
    })
  })
  forget('fleet')
  await getWaker().wakeJobs(await jobsWaitingFor([nameOf(herdId)]))
}
