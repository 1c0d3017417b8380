import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, ClusterSite, ClustersAct, ClustersRead, HostAddress, InstanceAddress } from '@/lib/ports'
import { isServing } from './postgres/probe'
import { type Calls, perform, reach } from './world/calls'
import { unconfigured } from './world/launches'
import { blankInstance } from './world/make-world'
import { hostNamed } from './world/reached-host'
import { flow } from './world/wal'
import { idOf, type MemoryHost, type MemoryInstance, type World, watchPrimaries } from './world/world'

/** Every place of a host is there to be looked at; a cluster comes to be in it when it is made. What lies in a directory is found under whatever name. */
const plotAt = (world: World, address: InstanceAddress): MemoryInstance => {
  const host = hostOf(world, address.host)
  const lying = othersOn(world, host).find((one) => one.inventory.address.dataDirectory === address.dataDirectory)
  if (lying !== undefined) return lying
  const plot = world.instances.get(address.instanceId) ?? blankInstance(world, host, address)
  if (plot.state === 'absent') plot.inventory = { ...plot.inventory, address }
  world.instances.set(address.instanceId, plot)
  return plot
}

const othersOn = (world: World, host: MemoryHost, plot?: MemoryInstance): MemoryInstance[] =>
  [...world.instances.values()].filter((one) => one !== plot && one.host === host && one.state !== 'absent')

const directoryOf = ({ state, host }: MemoryInstance, { dataDirectory }: InstanceAddress): ClusterSite['directory'] => {
  if (state !== 'absent') return 'taken'
  return host.directories.has(dataDirectory) ? 'empty' : 'absent'
}

/** Debian's configuration of a version and a name, wherever its data lie. */
const isConfigured = (world: World, { host }: MemoryInstance, { profile, major, clusterName }: InstanceAddress): boolean =>
  profile.startsWith('debian') &&
  othersOn(world, host).some(
    ({ inventory: { address }, startProblem }) =>
      startProblem !== unconfigured && address.major === major && address.clusterName === clusterName,
  )

export const memoryClustersRead = (world: World): ClustersRead => ({
  installed: async (host, options) => {
    const found = hostOf(world, host)
    await reach(world.clock, found, options)
    return { majors: [...found.majors], hasDebianTools: true }
  },
  look: async (address, options) => {
    const plot = plotAt(world, address)
    await reach(world.clock, plot.host, options)
    const neighbour = othersOn(world, plot.host, plot).find((one) => one.inventory.address.port === address.port)
    return {
      directory: directoryOf(plot, address),
      isConfigured: isConfigured(world, plot, address),
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
  const act = (address: InstanceAddress, name: string, options: CallOptions, action: (plot: MemoryInstance) => void): Promise<void> => {
    const plot = plotAt(world, address)
    return perform(calls, world.clock, plot.host, { act: name, target: plot.inventory.title }, options, () => {
      action(plot)
      flow(world)
      watchPrimaries(world)
    })
  }
  /** A directory that was there before stays, empty. */
  const clear = (plot: MemoryInstance): void => {
    if (!['stopped', 'crashed', 'absent'].includes(plot.state)) throw failed('a server runs there')
    Object.assign(plot, blankInstance(world, plot.host, plot.inventory.address), { applied: plot.applied })
  }
  return {
    make: (address, { key }, options) =>
      act(address, 'make cluster', options, (plot) => {
        if (!plot.host.majors.includes(address.major ?? '')) throw failed('the server programs are not installed')
        if (plot.made?.key === key && plot.made.isWhole) return
        if (plot.made?.key === key) clear(plot)
        if (plot.state !== 'absent') throw failed(`something lies in ${address.dataDirectory}`)
        if (isConfigured(world, plot, address)) throw failed(`there is a cluster ${address.major}/${address.clusterName} already`)
        const systemIdentifier = `7${BigInt(`0x${idOf(key).slice(0, 8)}`)}`
        Object.assign(plot, { state: 'stopped', systemIdentifier, made: { key, isWhole: true } })
        plot.applied.push('make')
      }),
    adopt: (address, _spec, options) =>
      act(address, 'adopt cluster', options, (plot) => {
        if (!plot.host.majors.includes(address.major ?? '')) throw failed('the server programs are not installed')
        if (plot.state === 'absent') throw failed(`no data lie in ${address.dataDirectory}`)
        if (plot.startProblem !== unconfigured) return
        if (!world.launches.mounted.has(plot.host.server.title)) throw failed(`no data lie in ${address.dataDirectory}`)
        plot.startProblem = null
        for (const role of world.launches.passfiles.get(plot.inventory.id) ?? []) plot.host.passwords.add(role)
        plot.applied.push('adopt')
      }),
    keepPassfile: (address, options) =>
      act(address, 'keep passfile', options, (plot) => {
        world.launches.passfiles.set(plot.inventory.id, new Set(plot.host.passwords))
      }),
    drop: (address, key, options) =>
      act(address, 'drop cluster', options, (plot) => {
        if (plot.made === null) return
        if (plot.made.key !== key) throw failed('what lies there is another creation’s')
        clear(plot)
        plot.applied.push('drop')
      }),
    handOver: (address, options) =>
      act(address, 'hand over', options, (plot) => {
        plot.made = null
      }),
    makeReplicator: (address, role, options) =>
      act(address, `make role ${role}`, options, (plot) => {
        if (!isServing(plot)) throw failed('could not connect to server')
        if (plot.roles.has(role)) return
        if (plot.hasStandbySignal) throw failed('cannot execute CREATE ROLE in a read-only transaction')
        plot.roles.add(role)
        plot.host.passwords.add(role)
      }),
    sharePassword: (from, to, role, options) => {
      const [giver, taker] = [hostOf(world, from), hostOf(world, to)]
      return perform(calls, world.clock, taker, { act: `share password of ${role}`, target: to.hostname }, options, () => {
        if (!giver.passwords.has(role)) throw failed(`The passfile of ${from.hostname} has no password of ${role}`)
        taker.passwords.add(role)
      })
    },
  }
}

const failed = (because: string) => new Fault('shell.failed', { because, isOver: true })

const hostOf = (world: World, address: HostAddress): MemoryHost => {
  const host = hostNamed(world, address)
  if (host === undefined) throw new Fault('record.missing', { because: `There is no server ${address.hostname}.` })
  return host
}
