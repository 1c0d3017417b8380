import { lsnBytesBetween } from '@/lib/domain/values/lsn'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, DataDirectorySeen, LaunchedMachine, ReadPorts } from '@/lib/ports'
import { isDown } from '../../facts/instance'
import { steer } from '../../machines/power'
import { sayDeed } from '../../resize/become'
import { bringUp, followOutput, lookAt } from '../../steps/postgres/server'
import { isAlive, placeIn, taggedBy } from '../facts'
import { terminate } from '../found'
import { volumeMonth } from '../left'
import { keepPassfilesOf } from '../passfiles'
import { canStop, type RestFacts, type RestMember } from './facts'

const stopTimeoutMs = 300_000
const startTimeoutMs = 300_000
const machineTimeoutMs = 15 * 60_000
const writeTimeoutMs = 20_000

/** A primary's clean shutdown waits until its standbys have all of it: it goes first. */
const inOrder = ({ members }: Pick<RestFacts, 'members'>): RestMember[] =>
  [...members].sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary))

/** Those whose machine runs. */
const onRunning = async (facts: RestFacts, ports: ReadPorts, signal: AbortSignal): Promise<RestMember[]> => {
  const up = (await machinesNow(facts, ports, signal)).filter(({ state }) => state === 'running').map(({ id }) => id)
  return inOrder(facts).filter(({ machine }) => machine !== null && up.includes(machine.id))
}

/** What runs on a machine that runs. */
const upAmong = async (facts: RestFacts, ports: ReadPorts, signal: AbortSignal): Promise<RestMember[]> => {
  const up: RestMember[] = []
  for (const member of await onRunning(facts, ports, signal))
    if (!isDown((await lookAt(ports, member.place, signal)).state)) up.push(member)
  return up
}

const machinesNow = async (facts: RestFacts, ports: ReadPorts, signal: AbortSignal): Promise<LaunchedMachine[]> => {
  const ids = facts.members.flatMap(({ machine }) => machine?.id ?? [])
  if (ids.length === 0) return []
  return (await taggedBy(placeIn(facts), facts.launch.id, ports, signal)).machines.filter(({ id }) => ids.includes(id))
}

export const stopServers = (): Effect<RestFacts, { ran: string[] }, null> => ({
  title: 'Stop PostgreSQL',
  preview: (facts) => ({
    sentence: `Stop ${inOrder(facts)
      .map(({ place }) => place.title)
      .join(', then ')} (fast), the primary first: it waits until its standbys have all that was written.`,
    commands: inOrder(facts).flatMap(({ place }) => place.commands.stop),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const up = await upAmong(facts, ports, signal)
    return up.length === 0
      ? { found: 'done', output: null }
      : { found: 'ready', before: intended?.before ?? { ran: up.map(({ place }) => place.id) } }
  },
  run: async (facts, _before, ports, context) => {
    for (const { place } of await upAmong(facts, ports.read, context.signal))
      await ports.act.postgres.stop(place.address, 'fast', { timeoutMs: stopTimeoutMs, ...followOutput(context, place.commands.stop) })
  },
  timeoutMs: ({ members }) => (stopTimeoutMs + 30_000) * Math.max(1, members.length),
  ending: {
    undo: async (facts, { ran }, _output, ports, context) => {
      for (const { place } of inOrder(facts))
        if (ran.includes(place.id)) await bringUp(place, ports, context, { timeoutMs: startTimeoutMs })
    },
    sentence: 'If the job fails before a machine stops, PostgreSQL is started again.',
    timeoutMs: startTimeoutMs * 3,
  },
})

/** A standby that replays late may have received more than its control file shows. */
const reaches = ({ checkpointLsn, minRecoveryLsn }: DataDirectorySeen, end: string): boolean =>
  [checkpointLsn, minRecoveryLsn].some((one) => (lsnBytesBetween(end, one) ?? -1) >= 0)

/** Of a primary its control file says whether the shutdown was clean. */
export const proveShutDown = (): Effect<RestFacts, null, null> => ({
  title: 'Prove that the data are whole',
  preview: ({ members }) => ({
    sentence: `Read the control files of ${members.map(({ place }) => place.title).join(', ')}: the primary must have shut down cleanly, or PostgreSQL is started again. A standby that does not show its last checkpoint is named in the journal.`,
    commands: ['pg_controldata'],
  }),
  check: async (facts, ports, { signal }) =>
    (await onRunning(facts, ports, signal)).length === 0 ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: async (facts, _before, ports, context) => {
    const seen = await onRunning(facts, ports.read, context.signal)
    let end: string | null = null
    for (const { place, isPrimary } of seen) {
      const disk = await ports.read.replication.dataDirectory(place.address, { timeoutMs: writeTimeoutMs, signal: context.signal })
      const where = `${place.title}: ${disk.controlState ?? 'control file not read'}, last checkpoint ${disk.checkpointLsn ?? 'not known'}`
      context.note('info', where)
      if (isPrimary) {
        if (disk.controlState !== 'shut down') throw new Fault('step.blocked', { because: `${where}: not shut down cleanly`, isOver: true })
        end = disk.checkpointLsn
      } else if (end !== null && !reaches(disk, end))
        context.note(
          'warning',
          `${place.title} does not show the last record of the primary on its disk, ${end}: it catches up once resumed.`,
        )
    }
  },
  timeoutMs: ({ members }) => (writeTimeoutMs + 10_000) * (members.length + 1),
  proof: 'answer',
  ending: { final: 'It only looks.', harmless: true },
})

/** Of those whose system disk goes. */
export const keepPassfiles = (): Effect<RestFacts, null, null> =>
  keepPassfilesOf<RestFacts>(({ members }) =>
    members.filter((one) => one.machine?.state === 'running' && !canStop(one)).map(({ place }) => place),
  )

const isAtRest = ({ state }: LaunchedMachine): boolean => state === 'stopped' || state === 'terminated'

/** Somebody may have started one meanwhile. */
const mustBeDown = async ({ place }: RestMember, ports: ReadPorts, { signal }: StepContext): Promise<void> => {
  const { state } = await lookAt(ports, place, signal)
  if (!isDown(state))
    throw new Fault('step.blocked', { because: `${place.title} is ${state}: its machine is not stopped under it`, isOver: true })
}

const rest = async (facts: RestFacts, member: RestMember, ports: ActPorts, context: StepContext): Promise<void> => {
  const { id } = member.machine!
  const place = placeIn(facts)
  if (canStop(member)) {
    const before = () => mustBeDown(member, ports.read, context)
    return steer({ ...place, instanceId: id }, 'stopped', ports, context, before)
  }
  const own = async () => {
    const { machines } = await taggedBy(place, facts.launch.id, ports.read, context.signal)
    return { machines: machines.filter((one) => one.id === id), volumes: [], groups: [] }
  }
  if ((await own()).machines.some(({ state }) => state === 'running')) await mustBeDown(member, ports.read, context)
  await terminate(place, own, ports, context)
}

export const restMachines = (): Effect<RestFacts, null, null> => ({
  title: 'Stop the machines',
  preview: ({ launch, place, ...facts }) => ({
    sentence:
      'Stop each machine, the standbys’ first, and wait until EC2 says so. One-time spot machines, which EC2 cannot stop, are terminated; their volumes with the data stay.',
    commands: inOrder(facts)
      .reverse()
      .flatMap((one) =>
        one.machine === null || place === null
          ? []
          : [
              canStop(one)
                ? sayDeed({ ...place, instanceId: one.machine.id }, { does: 'stop' })
                : `ec2:TerminateInstances ${one.machine.id}`,
              ...(one.volume === null ? [] : [`${one.volume.id} stays: ${volumeMonth(launch, one.volume.sizeGb)}`]),
            ],
      ),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const left = (await machinesNow(facts, ports, signal)).filter((one) => !isAtRest(one))
    if (left.length === 0) return { found: 'done', output: null }
    const isBegun = intended !== null && left.some((one) => !isAlive(one))
    return {
      found: 'ready',
      before: null,
      ...(isBegun || (intended !== null && left.length < facts.members.filter(({ machine }) => machine !== null).length)
        ? { partly: left.map(({ id, state }) => `${id} is ${state}`).join(', ') }
        : {}),
    }
  },
  run: async (facts, _before, ports, context) => {
    for (const member of inOrder(facts).reverse()) if (member.machine !== null) await rest(facts, member, ports, context)
  },
  timeoutMs: ({ members }) => machineTimeoutMs * Math.max(1, members.length),
  ending: { final: 'A machine that was stopped or terminated comes back with Resume.' },
})

const noteNow = ({ launch }: RestFacts, isStopped: boolean, ports: ActPorts, { signal }: StepContext) =>
  ports.act.inventory.noteRest({ blueprintId: launch.id, isStopped }, { timeoutMs: writeTimeoutMs, signal })

const isNoted = async ({ launch }: RestFacts, isStopped: boolean, ports: ReadPorts) =>
  ((await ports.inventory.blueprint(launch.id)).stoppedAt !== null) === isStopped

/** Before a machine goes: a spot machine of a herd that is stopped was not taken by AWS. */
export const noteStopped = (): Effect<RestFacts, null, null> => ({
  title: 'Record that it is stopped',
  preview: () => ({
    sentence: 'Record on the blueprint when it was stopped, so that no machine that goes now is answered as an eviction.',
    commands: [],
  }),
  check: async (facts, ports) => ((await isNoted(facts, true, ports)) ? { found: 'done', output: null } : { found: 'ready', before: null }),
  run: (facts, _before, ports, context) => noteNow(facts, true, ports, context),
  timeoutMs: writeTimeoutMs + 10_000,
  ending: {
    undo: (facts, _before, _output, ports, context) => noteNow(facts, false, ports, context),
    sentence: 'If the job fails before a machine stops, the record is removed.',
    timeoutMs: writeTimeoutMs + 10_000,
  },
})

export const noteResumed = (): Effect<RestFacts, null, null> => ({
  title: 'Record that it runs',
  preview: () => ({ sentence: 'Record on the blueprint that it is not stopped any more.', commands: [] }),
  check: async (facts, ports) =>
    (await isNoted(facts, false, ports)) ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: (facts, _before, ports, context) => noteNow(facts, false, ports, context),
  timeoutMs: writeTimeoutMs + 10_000,
  ending: { final: 'It is only a note.', harmless: true },
})
