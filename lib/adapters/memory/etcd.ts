import type { EtcdSeen } from '@/lib/domain/managers/etcd'
import { Fault } from '@/lib/kernel/ground/errors'
import type { EtcdAct, EtcdPlace, EtcdRead } from '@/lib/ports'
import { type Calls, perform, reach } from './world/calls'
import { hostAt } from './world/reached-host'
import type { MemoryHost, World } from './world/world'

const etcdOf = (world: World, host: MemoryHost, { dataDirectory }: EtcdPlace): [string, EtcdSeen] => {
  const own = host.managers.find((one) => one.kind === 'patroni' && one.dataDirectory === dataDirectory)
  const seen = own?.cluster ? world.etcd.get(own.cluster) : undefined
  if (seen === undefined) throw new Fault('shell.failed', { because: 'Its DCS is not an etcd with API v3.', isOver: true })
  return [own!.cluster!, seen]
}

export const memoryEtcdRead = (world: World): EtcdRead => ({
  look: async (place, options) => {
    const host = hostAt(world, place.host)
    await reach(world.clock, host, options)
    return structuredClone(etcdOf(world, host, place)[1]) as EtcdSeen
  },
  snapshotAt: async (place, path, options) => {
    const host = hostAt(world, place.host)
    await reach(world.clock, host, options)
    return world.snapshots.get(`${place.host.hostname}:${path}`) ?? null
  },
})

/** As unforgiving as the real one: without a majority nothing is taken, and a member that is down answers nothing. */
export const memoryEtcdAct = (world: World, calls: Calls): EtcdAct => {
  const act = <T>(
    place: EtcdPlace,
    name: string,
    options: { timeoutMs: number; signal?: AbortSignal },
    deed: (seen: EtcdSeen) => [EtcdSeen, T],
  ) => {
    const host = hostAt(world, place.host)
    return perform(calls, world.clock, host, { act: `etcd ${name}`, target: place.host.hostname }, options, () => {
      const [cluster, seen] = etcdOf(world, host, place)
      const [next, answer] = deed(seen)
      world.etcd.set(cluster, next)
      return answer
    })
  }
  const mustHaveQuorum = ({ hasQuorum }: EtcdSeen): void => {
    if (!hasQuorum) throw new Fault('shell.failed', { because: 'etcd answers 503: no leader', isOver: true })
  }
  return {
    compact: (place, revision, options) =>
      act(place, `compact ${revision}`, options, (seen) => {
        mustHaveQuorum(seen)
        return [{ ...seen, members: seen.members.map((one) => ({ ...one, usedBytes: 16_384 })) }, undefined]
      }),
    defragment: (place, memberId, options) =>
      act(place, `defragment ${memberId}`, options, (seen) => {
        if (!seen.members.some(({ id, isUp }) => id === memberId && isUp))
          throw new Fault('shell.failed', { because: 'it does not answer', isOver: true })
        const done = seen.members.map((one) => (one.id === memberId ? { ...one, databaseBytes: one.usedBytes } : one))
        return [{ ...seen, members: done }, undefined]
      }),
    disarm: (place, { memberId, alarm }, options) =>
      act(place, `disarm ${alarm}`, options, (seen) => {
        mustHaveQuorum(seen)
        return [{ ...seen, alarms: seen.alarms.filter((one) => one.memberId !== memberId || one.alarm !== alarm) }, undefined]
      }),
    snapshot: (place, path, options) =>
      act(place, `snapshot ${path}`, options, (seen) => {
        const made = { bytes: 20_512, sha256: 'ab'.repeat(32) }
        world.snapshots.set(`${place.host.hostname}:${path}`, made)
        return [seen, made]
      }),
  }
}
