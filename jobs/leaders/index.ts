import { type FollowedHerd, followedHerds } from '@/db/fleet/leaders'
import { listen } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { releaseLeases, renewLeases, takeLease } from '@/db/runs/leases'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { ServerRole } from '@/lib/ports'
import { repeat } from '../queue/schedule'
import { type Follower, follow } from './follow'

const lease = 'leader-watch'
/** One watch of one host; a new one is begun when it ends. */
const watchMs = 15 * 60_000
const againMs = 2_000

interface Pace {
  reloadEveryMs: number
  /** When a worker has died, another one hears of promotions after so long. */
  leaseTtlMs: number
}

/**
 * Hears of every promotion in a herd that Patroni manages, from its members' own hosts, within a fraction of a second, and has poolers and names follow a leader
 * that moved though nobody here ordered it. In one worker at a time; the database knows who was followed last, so that whoever takes over goes on where
 * another worker died, and two never follow twice. Behind it stand the observers, who look every few seconds.
 */
export const startLeaderWatch = async (
  follower: Follower,
  { reloadEveryMs, leaseTtlMs }: Pace = { reloadEveryMs: 4_000, leaseTtlMs: 12_000 },
): Promise<{ stop: () => Promise<void> }> => {
  const { log, holder } = follower
  const token = crypto.randomUUID()
  const stopping = new AbortController()
  const watched = new Map<string, AbortController>()
  const herds = new Map<string, FollowedHerd>()
  /** As each member was last heard; nothing of one that cannot be heard. */
  const roles = new Map<string, ServerRole>()
  /** By herd, the member that was last heard to become primary, and when. */
  const promoted = new Map<string, { memberId: string; heardAt: Date }>()
  const following = new Set<string>()
  const running = new Set<Promise<void>>()

  const isMine = async () => {
    if (((await renewLeases([token], leaseTtlMs)).get(token) ?? 0) > 0) return true
    return (
      (await takeLease({ names: [lease], token, holder, reason: 'hears of promotions in Patroni’s herds', jobId: null }, leaseTtlMs)) ===
      null
    )
  }
  const run = (work: Promise<void>) => {
    const guarded = work.catch((err: unknown) => {
      if (!stopping.signal.aborted) log.warn({ err }, 'a watch of a leader ended')
    })
    running.add(guarded)
    void guarded.then(() => running.delete(guarded))
  }
  /** Who was just promoted, though the old primary's host may be off without a word; else the only one that takes writes. */
  const leaderOf = (herd: FollowedHerd): { memberId: string; heardAt: Date } | null => {
    const latest = promoted.get(herd.id)
    if (latest !== undefined && roles.get(latest.memberId) === 'primary') return latest
    const [only, ...others] = herd.members.filter(({ id }) => roles.get(id) === 'primary')
    return only === undefined || others.length > 0 ? null : { memberId: only.id, heardAt: new Date() }
  }
  const consider = async (herdId: string): Promise<void> => {
    const herd = herds.get(herdId)
    if (herd === undefined || following.has(herdId)) return
    const leader = leaderOf(herd)
    if (leader === null || herd.primaryId === null || leader.memberId === herd.primaryId) return
    const from = herd.members.find(({ id }) => id === herd.primaryId)?.title ?? ''
    following.add(herdId)
    try {
      const isFollowed = await follow(follower, { herd, from, ...leader }, stopping.signal)
      const known = herds.get(herdId)
      if (isFollowed && known !== undefined) herds.set(herdId, { ...known, primaryId: leader.memberId })
    } finally {
      following.delete(herdId)
    }
  }
  const watch = async (herdId: string, member: FollowedHerd['members'][number], signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      let was: ServerRole | null = null
      const onRole = (role: ServerRole) => {
        if (was === 'standby' && role === 'primary') promoted.set(herdId, { memberId: member.id, heardAt: new Date() })
        was = role
        roles.set(member.id, role)
        run(consider(herdId))
      }
      try {
        await follower.ports.read.hosts.watchRole(member.host, member.dataDirectory, { timeoutMs: watchMs, signal, onRole })
      } catch {
        // Off, or silent: the observers say so, and this one tries again.
        roles.delete(member.id)
      }
      if (!signal.aborted) await sleep(againMs, signal).catch(() => {})
    }
    roles.delete(member.id)
  }
  const reload = async () => {
    const all = (await isMine()) ? await followedHerds() : []
    const wanted = new Set(all.flatMap(({ members }) => members.map(({ id }) => id)))
    for (const [id, ending] of watched)
      if (!wanted.has(id)) {
        ending.abort()
        watched.delete(id)
      }
    for (const herd of all) {
      herds.set(herd.id, herd)
      for (const member of herd.members) {
        if (watched.has(member.id)) continue
        const ending = new AbortController()
        watched.set(member.id, ending)
        run(watch(herd.id, member, AbortSignal.any([ending.signal, stopping.signal])))
      }
      // What could not be followed yet, or was heard while a job of ours worked on the herd.
      run(consider(herd.id))
    }
    for (const id of herds.keys())
      if (!all.some((herd) => herd.id === id)) {
        herds.delete(id)
        promoted.delete(id)
      }
  }
  const unlisten = await listen('records', (name) => {
    if (name === 'herd' || name === 'instance')
      void reload().catch((err: unknown) => log.warn({ err }, 'Patroni’s herds could not be read'))
  })
  const repeated = repeat([{ name: 'leader watch', everyMs: reloadEveryMs, work: reload }], log)
  return {
    stop: async () => {
      stopping.abort()
      unlisten()
      await repeated.stop()
      await Promise.all(running)
      await inPgTransaction((client) => releaseLeases(client, [token])).catch(() => {})
    },
  }
}
