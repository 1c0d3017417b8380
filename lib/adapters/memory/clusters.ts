import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, ClustersAct, ClustersRead, InstanceAddress } from '@/lib/ports'
import { type Calls, perform, reach } from './calls'
import { blankInstance } from './make-world'
import { isServing } from './probe'
import { flow } from './wal'
import { idOf, type MemoryHost, type MemoryInstance, type World, watchPrimaries } from './world'

/** Every place of a host is there to be looked at; a cluster comes to be in it when it is made. */
const plotAt = (world: World, address: InstanceAddress): MemoryInstance => {
  const known = world.instances.get(address.instanceId)
  if (known !== undefined) return known
  const plot = blankInstance(world, hostOf(world, address.host.hostname), address)
  world.instances.set(address.instanceId, plot)
  return plot
}

const neighbourOf = (world: World, plot: MemoryInstance): MemoryInstance | undefined =>
  [...world.instances.values()].find(
    (one) => one !== plot && one.host === plot.host && one.state !== 'absent' && one.inventory.address.port === plot.inventory.address.port,
  )

export const memoryClustersRead = (world: World): ClustersRead => ({
  installed: async (host, options) => {
    const found = hostOf(world, host.hostname)
    await reach(world.clock, found, options)
    return { majors: [...found.majors], hasDebianTools: true }
  },
  look: async (address, options) => {
    const plot = plotAt(world, address)
    await reach(world.clock, plot.host, options)
    const isThere = plot.state !== 'absent'
    const neighbour = neighbourOf(world, plot)
    return {
      directory: isThere ? 'taken' : 'absent',
      isConfigured: isThere,
      portTakenBy:
        plot.state === 'running' ? 'a program that listens on it' : neighbour ? `the cluster ${neighbour.inventory.title}` : null,
      because: null,
      freeBytes: plot.freeBytes,
      made: plot.made === null ? null : { ...plot.made },
    }
  },
  commands: {
    make: ({ major, clusterName }) => [`pg_createcluster ${major} ${clusterName}`],
    drop: ({ major, clusterName }) => [`pg_dropcluster ${major} ${clusterName}`],
  },
})

export const memoryClustersAct = (world: World, calls: Calls): ClustersAct => {
  const act = (address: InstanceAddress, name: string, options: CallOptions, deed: (plot: MemoryInstance) => void): Promise<void> => {
    const plot = plotAt(world, address)
    return perform(calls, world.clock, plot.host, { act: name, target: plot.inventory.title }, options, () => {
      deed(plot)
      flow(world)
      watchPrimaries(world)
    })
  }
  return {
    make: (address, { key }, options) =>
      act(address, 'make cluster', options, (plot) => {
        if (plot.made?.key === key && plot.made.isWhole) return
        if (plot.state !== 'absent') throw failed(`something lies in ${address.dataDirectory}`)
        if (!plot.host.majors.includes(address.major ?? '')) throw failed('the server programs are not installed')
        const systemIdentifier = `7${BigInt(`0x${idOf(key).slice(0, 8)}`)}`
        Object.assign(plot, { state: 'stopped', systemIdentifier, made: { key, isWhole: true } })
        plot.applied.push('make')
      }),
    drop: (address, key, options) =>
      act(address, 'drop cluster', options, (plot) => {
        if (plot.made === null) return
        if (plot.made.key !== key) throw failed('what lies there is another creation’s')
        if (!['stopped', 'crashed', 'absent'].includes(plot.state)) throw failed('a server runs there')
        const { applied } = plot
        Object.assign(plot, blankInstance(world, plot.host, address), { applied: [...applied, 'drop'] })
      }),
    handOver: (address, options) =>
      act(address, 'hand over', options, (plot) => {
        plot.made = null
      }),
    makeReplicator: (address, role, options) =>
      act(address, `make role ${role}`, options, (plot) => {
        if (!isServing(plot) || plot.hasStandbySignal) throw failed('it takes no writes')
        plot.roles.add(role)
        plot.host.passwords.add(role)
      }),
    sharePassword: (from, to, role, options) => {
      const [giver, taker] = [hostOf(world, from.hostname), hostOf(world, to.hostname)]
      return perform(calls, world.clock, taker, { act: `share password of ${role}`, target: to.hostname }, options, () => {
        if (!giver.passwords.has(role)) throw failed(`The passfile of ${from.hostname} has no password of ${role}`)
        taker.passwords.add(role)
      })
    },
  }
}

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })

const hostOf = (world: World, hostname: string): MemoryHost => {
  const host = world.hosts.get(hostname)
  if (host === undefined) throw new Fault('record.missing', { because: `There is no server ${hostname}.` })
  return host
}
