import { type FollowedHerd, followedHerds } from '@/db/fleet/leaders'
import { listen } from '@/db/pg/client'
import { inPgTransaction } from '@/db/pg/transaction'
import { releaseLeases, renewLeases, takeLease } from '@/db/runs/leases'
import { sleep } from '@/lib/kernel/ground/sleep'
import type { ServerRole } from '@/lib/ports'
import { repeat } from '../queue/schedule'
import { type Follower, follow } from './follow'

const reloadEveryMs = 10_000
const leaseTtlMs = 30_000
const lease = 'leader-watch'
/** One watch of one host; a new one is begun when it ends. */
const watchMs = 15 * 60_000
const againMs = 2_000

/**
 * Hears of every promotion in a herd that Patroni manages, from its members' own hosts, within a fraction of a second, and has poolers and names follow a leader
 * that moved though nobody here ordered it. In one worker at a time. Behind it stand the observers, who look every few seconds.
 */
export const startLeaderWatch = async (follower: Follower): Promise<{ stop: () => Promise<void> }> => {
  const { log, holder } = follower
  const token = crypto.randomUUID()
  const stopping = new AbortController()
  const watched = new Map<string, AbortController>()
  const herds = new Map<string, FollowedHerd>()
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
  const hear = (herdId: string, memberId: string, role: ServerRole) => {
    const herd = herds.get(herdId)
    if (herd === undefined || role !== 'primary' || herd.primaryId === memberId) return
    const from = herd.members.find(({ id }) => id === herd.primaryId)?.title ?? ''
    herd.primaryId = memberId
    run(follow(follower, { herd, memberId, from, heardAt: new Date() }, stopping.signal))
  }
  const watch = async (herdId: string, member: FollowedHerd['members'][number], signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        const onRole = (role: ServerRole) => hear(herdId, member.id, role)
        await follower.ports.read.hosts.watchRole(member.host, member.dataDirectory, { timeoutMs: watchMs, signal, onRole })
      } catch {
        // Off, or silent: the observers say so, and this one tries again.
      }
      if (!signal.aborted) await sleep(againMs, signal).catch(() => {})
    }
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
      // Whom it was heard of last counts more than what the observers have written down since.
      herds.set(herd.id, { ...herd, primaryId: herds.get(herd.id)?.primaryId ?? herd.primaryId })
      for (const member of herd.members) {
        if (watched.has(member.id)) continue
        const ending = new AbortController()
        watched.set(member.id, ending)
        run(watch(herd.id, member, AbortSignal.any([ending.signal, stopping.signal])))
      }
    }
    if (all.length === 0) herds.clear()
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
