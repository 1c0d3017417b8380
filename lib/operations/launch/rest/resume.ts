import { dataDirectoryOf } from '@/lib/domain/blueprints/launch/launched'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ActPorts, LaunchedMachine, ReadPorts } from '@/lib/ports'
import { isDown, type Place } from '../../facts/instance'
import { steer } from '../../machines/power'
import { sayDeed } from '../../resize/become'
import { bringUp, followOutput, lookAt } from '../../steps/postgres/server'
import { type LaunchFacts, machineNow, placeIn, settingsFor, taggedBy } from '../facts'
import { specFor } from '../server'
import { mustRun } from '../trust'
import { canStop, isFresh, memberFacts, placeOn, type RestFacts, type RestMember } from './facts'

const actTimeoutMs = 60_000
const adoptTimeoutMs = 180_000
const startTimeoutMs = 300_000
const streamMs = 300_000
const machineTimeoutMs = 15 * 60_000
const lookEveryMs = 1_000

/** The members with the machines that they have now, and where each is reached. Throws `step.blocked` where one has none. */
const placed = async (facts: RestFacts, ports: ActPorts, signal: AbortSignal): Promise<{ member: RestMember; place: Place }[]> =>
  Promise.all(
    facts.members.map(async (member) => ({
      member,
      place: placeOn(facts, member, await mustRun(memberFacts(facts, member), ports, signal)),
    })),
  )

/** The same to look with: null while one has no machine yet. */
const seen = async (facts: RestFacts, ports: ReadPorts, signal: AbortSignal): Promise<{ member: RestMember; place: Place }[] | null> => {
  const machines = await Promise.all(facts.members.map((member) => machineNow(memberFacts(facts, member), ports, signal)))
  if (machines.some((one) => one?.state !== 'running')) return null
  return facts.members.map((member, at) => ({ member, place: placeOn(facts, member, machines[at]!) }))
}

const stopped = ({ members }: RestFacts): RestMember[] => members.filter((one) => canStop(one) && !isFresh(one))

export const startMachines = (): Effect<RestFacts, null, null> => ({
  title: 'Start the machines',
  preview: (facts) => ({
    sentence: 'Start each machine that was stopped, and wait until EC2 says that it runs.',
    commands: stopped(facts).map(({ machine }) => sayDeed({ ...placeIn(facts), instanceId: machine!.id }, { does: 'start' })),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { machines } = await taggedBy(placeIn(facts), facts.launch.id, ports, signal)
    const left = stopped(facts).filter(({ machine }) => machines.find(({ id }) => id === machine!.id)?.state !== 'running')
    if (left.length === 0) return { found: 'done', output: null }
    return {
      found: 'ready',
      before: null,
      ...(intended !== null && left.length < stopped(facts).length ? { partly: `${left.length} are not started yet` } : {}),
    }
  },
  run: async (facts, _before, ports, context) => {
    for (const { machine } of stopped(facts)) await steer({ ...placeIn(facts), instanceId: machine!.id }, 'running', ports, context)
  },
  timeoutMs: (facts) => machineTimeoutMs * Math.max(1, stopped(facts).length),
  ending: { final: 'Machines stay started: what is wrong on them can be seen there.', harmless: true },
})

/** In the console: everything after it reaches the members where they are now. */
export const followAddresses = (): Effect<RestFacts, null, null> => ({
  title: 'Register the addresses',
  preview: ({ members }) => ({
    sentence: `Write the address, the pinned host key and the zone that each machine has now to the servers of ${members.map(({ place }) => place.title).join(', ')}.`,
    commands: [],
  }),
  check: async (facts, ports, { signal }) => {
    const now = await seen(facts, ports, signal)
    if (now === null) return { found: 'ready', before: null }
    const registered = await ports.inventory.herdInstances(facts.launch.herd!.id)
    const isSo = now.every(({ place: { id, address } }) => {
      const host = registered.find((one) => one.id === id)?.address.host
      return host?.address === address.host.address && host.hostKey === address.host.hostKey
    })
    return isSo ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal, jobId }) => {
    const members = await Promise.all(
      facts.members.map(async (member) => {
        const machine = await mustRun(memberFacts(facts, member), ports, signal)
        const { address, hostKey } = placeOn(facts, member, machine).address.host
        if (address === '' || hostKey === null)
          throw new Fault('step.blocked', { because: `${machine.id} has no address or no pinned key yet`, isOver: true })
        return { serverId: member.place.serverId, machineId: machine.id, address, hostKey, zone: machine.zone }
      }),
    )
    const { id: blueprintId, herd } = facts.launch
    await ports.act.inventory.moveMembers({ blueprintId, herdId: herd!.id, jobId, members }, { timeoutMs: actTimeoutMs, signal })
  },
  timeoutMs: actTimeoutMs + 30_000,
  ending: { final: 'The addresses are as EC2 says.', harmless: true },
})

/** Limits that a standby may not have less of than its primary. */
const atLeast = ['max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction']

/** Settings for the member's machine; a standby’s limits are those of its primary's. */
const specOf = (facts: LaunchFacts, machine: LaunchedMachine, primary: { facts: LaunchFacts; machine: LaunchedMachine } | null) => {
  const limits = primary === null ? [] : settingsFor(primary.facts, primary.machine).filter(({ name }) => atLeast.includes(name))
  return specFor({ ...facts, atLeast: Object.fromEntries(limits.map(({ name, value }) => [name, value])) }, machine)
}

export const adoptData = (): Effect<RestFacts, null, null> => {
  const fresh = ({ members }: RestFacts) => members.filter(isFresh)
  return {
    title: 'Configure the clusters on their data',
    preview: ({ launch, members }) => ({
      sentence: `Give the data in ${dataDirectoryOf(launch.blueprint)} their configuration again on ${members
        .filter(isFresh)
        .map(({ place }) => place.address.host.hostname)
        .join(', ')}, set for the new machine. The data are not touched.`,
      commands: [`pg_createcluster ${launch.blueprint.major} …; pg_conftool … set data_directory ${dataDirectoryOf(launch.blueprint)}`],
    }),
    check: async (facts, ports, { signal, intended }) => {
      const now = intended === null ? null : await seen(facts, ports, signal)
      if (now === null) return { found: 'ready', before: null }
      const own = now.filter(({ member }) => isFresh(member))
      const sites = await Promise.all(own.map(({ place }) => ports.clusters.look(place.address, { timeoutMs: actTimeoutMs, signal })))
      return sites.every(({ isConfigured, directory }) => isConfigured && directory === 'taken')
        ? { found: 'done', output: null }
        : { found: 'ready', before: null }
    },
    run: async (facts, _before, ports, context) => {
      const leader = facts.members.find(({ isPrimary }) => isPrimary)!
      for (const member of fresh(facts)) {
        const own = memberFacts(facts, member)
        const machine = await mustRun(own, ports, context.signal)
        const place = placeOn(facts, member, machine)
        const of = memberFacts(facts, leader)
        const primary = member === leader ? null : { facts: of, machine: await mustRun(of, ports, context.signal) }
        const site = await ports.read.clusters.look(place.address, { timeoutMs: actTimeoutMs, signal: context.signal })
        if (site.isConfigured) continue
        await ports.act.clusters.adopt(place.address, specOf(own, machine, primary), { timeoutMs: adoptTimeoutMs, signal: context.signal })
      }
    },
    timeoutMs: (facts) => (adoptTimeoutMs + actTimeoutMs) * Math.max(1, fresh(facts).length),
    ending: { final: 'The configuration serves the next Resume.', harmless: true },
  }
}

const primaryAmong = <One extends { member: RestMember }>(all: readonly One[]): One => all.find(({ member }) => member.isPrimary)!

/** What its files say of its upstream, with the address that the primary has now; null: they say so already. */
const followingNow = async (place: Place, primary: Place, ports: ReadPorts, signal: AbortSignal) => {
  const { following } = await ports.replication.dataDirectory(place.address, { timeoutMs: actTimeoutMs, signal })
  if (following === null || following.conninfo.host === primary.address.host.address) return null
  return { ...following, conninfo: { ...following.conninfo, host: primary.address.host.address } }
}

export const followPrimary = (): Effect<RestFacts, null, null> => ({
  title: 'Point standbys at the primary',
  preview: ({ members }) => ({
    sentence: `Write the address that the primary has now into ${members
      .filter(({ isPrimary }) => !isPrimary)
      .map(({ place }) => place.title)
      .join(', ')}.`,
    commands: ['primary_conninfo = …'],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const now = intended === null ? null : await seen(facts, ports, signal)
    if (now === null) return { found: 'ready', before: null }
    const primary = primaryAmong(now).place
    for (const { member, place } of now)
      if (!member.isPrimary && (await followingNow(place, primary, ports, signal)) !== null) return { found: 'ready', before: null }
    return { found: 'done', output: null }
  },
  run: async (facts, _before, ports, context) => {
    const now = await placed(facts, ports, context.signal)
    const primary = primaryAmong(now).place
    for (const { member, place } of now) {
      if (member.isPrimary) continue
      const following = await followingNow(place, primary, ports.read, context.signal)
      if (following === null) continue
      for (const command of ports.read.replication.commands.follow(place.address, following)) context.note('command', command)
      await ports.act.replication.follow(place.address, following, { timeoutMs: actTimeoutMs, signal: context.signal })
    }
  },
  timeoutMs: ({ members }) => 2 * actTimeoutMs * Math.max(1, members.length),
  ending: { final: 'They stay standbys of the same primary.', harmless: true },
})

/** Who is not as it is to be, in words. */
const lateAmong = async (
  all: readonly { member: RestMember; place: Place }[],
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<string[]> => {
  const probes = await Promise.all(all.map(({ place }) => lookAt(ports, place, signal)))
  return all.flatMap(({ member, place }, at) => {
    const { state, role, upstream } = probes[at]!
    if (state !== 'online') return [`${place.title} is ${state}`]
    if (member.isPrimary) return role === 'primary' ? [] : [`${place.title} is a ${role}`]
    return role === 'standby' && upstream?.status === 'streaming' ? [] : [`${place.title} does not stream`]
  })
}

/** What lies on the disk says itself what it starts as. */
const mustBe = async ({ isPrimary }: RestMember, place: Place, ports: ReadPorts, signal: AbortSignal): Promise<void> => {
  const { isStandby } = await ports.replication.dataDirectory(place.address, { timeoutMs: actTimeoutMs, signal })
  if (isStandby === isPrimary)
    throw new Fault('step.blocked', {
      because: `${place.title} would start as a ${isPrimary ? 'standby' : 'primary'}, and was a ${isPrimary ? 'primary' : 'standby'} when it was seen last`,
      isOver: true,
    })
}

/** What was started by its host took its files as they were then: it reads them again. */
export const startServers = (): Effect<RestFacts, null, null> => ({
  title: 'Start PostgreSQL',
  preview: ({ members }) => ({
    sentence: `Start what does not start with its host, the primary first, and wait until it takes writes and each standby streams.`,
    commands: members.flatMap(({ place }) => place.commands.start),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const now = intended === null ? null : await seen(facts, ports, signal)
    if (now === null) return { found: 'ready', before: null }
    return (await lateAmong(now, ports, signal)).length === 0 ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const now = (await placed(facts, ports, context.signal)).sort((a, b) => Number(b.member.isPrimary) - Number(a.member.isPrimary))
    for (const { member, place } of now) {
      const { state } = await lookAt(ports.read, place, context.signal)
      if (isDown(state)) await mustBe(member, place, ports.read, context.signal)
      if (isDown(state)) await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
      else await ports.act.postgres.reload(place.address, { timeoutMs: actTimeoutMs, ...followOutput(context, place.commands.reload) })
    }
    for (;;) {
      const late = await lateAmong(now, ports.read, context.signal)
      if (late.length === 0) return
      if (context.signal.aborted) throw new Fault('step.unknown', { because: `${late.join('; ')}.` })
      await context.pause(lookEveryMs)
    }
  },
  timeoutMs: ({ members }) => startTimeoutMs * Math.max(1, members.length) + streamMs,
  ending: { final: 'What runs stays so.', harmless: true },
})
