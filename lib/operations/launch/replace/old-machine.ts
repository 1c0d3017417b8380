import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Launched, LaunchedMachine, ReadPorts } from '@/lib/ports'
import { stillLeads } from '../../steps/postgres/still'
import { stopPostgres } from '../../steps/postgres/stop'
import { isAlive, placeIn, taggedBy } from '../facts'
import { terminate } from '../found'
import { keepPassfilesOf } from '../passfiles'
import { primaryOf, type ReplaceFacts } from './facts'

const stopTimeoutMs = 120_000
const goneTimeoutMs = 15 * 60_000

/** The old machine, if EC2 lists it. */
const oldIn = ({ insteadOf }: ReplaceFacts, { machines }: Launched): LaunchedMachine[] => machines.filter(({ id }) => id === insteadOf)

const all = (facts: ReplaceFacts, ports: ReadPorts, signal: AbortSignal): Promise<Launched> =>
  taggedBy(placeIn(facts), facts.launch.id, ports, signal)

const isOldAlive = async (facts: ReplaceFacts, ports: ReadPorts, signal: AbortSignal): Promise<boolean> =>
  oldIn(facts, await all(facts, ports, signal)).some(isAlive)

const base = stopPostgres<ReplaceFacts>(primaryOf, { mode: () => 'fast', timeoutMs: () => stopTimeoutMs, still: stillLeads(primaryOf) })

/** AWS may take the machine meanwhile: what was on it then is of no use any more. */
const unlessGone = async (facts: ReplaceFacts, ports: ActPorts, context: StepContext, act: () => Promise<unknown>): Promise<void> => {
  try {
    await act()
  } catch (error) {
    if (!isFault(error) || error.code === 'lease.lost' || context.signal.aborted) throw error
    if (await isOldAlive(facts, ports.read, context.signal)) throw error
    context.note('warning', `${error.message} EC2 says that its machine is gone.`)
  }
}

const passfiles = keepPassfilesOf<ReplaceFacts>(({ primary }) => (primary === null ? [] : [primary]))

/** Its standbys follow it, and one day it follows one of them: with the password that its host keeps. */
export const keepPassfile = (): typeof passfiles => ({
  ...passfiles,
  title: 'Keep the passfile',
  check: async (facts, ports, context) =>
    (await isOldAlive(facts, ports, context.signal)) ? passfiles.check(facts, ports, context) : { found: 'done', output: null },
  run: async (facts, before, ports, context) => {
    await unlessGone(facts, ports, context, async () => passfiles.run(facts, before, ports, context))
    return null
  },
})

/** On a machine that runs still. AWS may take it while PostgreSQL shuts down: then nothing is to be stopped any more. */
export const stopOld = (): Effect<ReplaceFacts, Parameters<typeof base.run>[1], { controlState: string | null }> => ({
  ...base,
  title: 'Stop PostgreSQL on the old machine',
  check: async (facts, ports, context) =>
    (await isOldAlive(facts, ports, context.signal))
      ? base.check(facts, ports, context)
      : { found: 'done', output: { controlState: null } },
  run: (facts, before, ports, context) => unlessGone(facts, ports, context, async () => base.run(facts, before, ports, context)),
  ending: {
    undo: async (facts, before, output, ports, context) => {
      if ('undo' in base.ending && (await isOldAlive(facts, ports.read, context.signal)))
        await base.ending.undo(facts, before, output, ports, context)
    },
    sentence: 'If the job fails before the old machine is terminated, the server is started again.',
    timeoutMs: 330_000,
  },
})

/** What the volume would be deleted with, or somebody took it away meanwhile. */
const mustKeepVolume = ({ kept }: ReplaceFacts, { volumes }: Launched): void => {
  const volume = volumes.find(({ id }) => id === kept!.id)
  if (volume !== undefined && !volume.goesWithMachine) return
  const because = volume === undefined ? `${kept!.id} is not there any more` : `${volume.id} would be deleted with its machine`
  throw new Fault('step.blocked', { because: `${because}, so the machine is not terminated`, isOver: true })
}

/** Nobody writes to the volume once EC2 says that the machine is terminated. */
export const terminateOld = (): Effect<ReplaceFacts, null, null> => ({
  title: 'Terminate the old machine',
  preview: ({ old, kept }) => ({
    sentence:
      old === null
        ? 'EC2 does not list the old machine any more.'
        : `Terminate ${old.id} and wait until EC2 says that it is gone: only then nothing writes to ${kept?.id}, which stays.`,
    commands: old === null || old.state === 'terminated' ? [] : [`ec2:TerminateInstances ${old.id}`],
  }),
  check: async (facts, ports, { signal }) => {
    const [old] = oldIn(facts, await all(facts, ports, signal))
    return old === undefined || old.state === 'terminated' ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const own = async (): Promise<Launched> => ({
      ...{ volumes: [], groups: [] },
      machines: oldIn(facts, await all(facts, ports.read, context.signal)),
    })
    mustKeepVolume(facts, await all(facts, ports.read, context.signal))
    await terminate(placeIn(facts), own, ports, context)
  },
  timeoutMs: goneTimeoutMs,
  ending: { final: 'A terminated machine does not come back. Its volume stays.' },
})
