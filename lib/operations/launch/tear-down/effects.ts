import { blueprintTag } from '@/lib/domain/blueprints/launch/tags'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect, StepContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, Launched, ReadPorts } from '@/lib/ports'
import { keysIdOf, taggedBy } from '../facts'
import { dropGroups, dropVolumes, terminate } from '../found'
import { isLeft, sayLaunched } from '../left'
import type { TearDownFacts } from './facts'

type Found = TearDownFacts['found'][number]

const stepTimeoutMs = 15 * 60_000
const writeTimeoutMs = 20_000

/** Of what the person read in the plan, and nothing else: a thing that is tagged meanwhile is named at the end. */
const named = async ({ launch }: TearDownFacts, { place, launched }: Found, ports: ReadPorts, signal: AbortSignal): Promise<Launched> => {
  const now = await taggedBy(place, launch.id, ports, signal)
  const among = <One extends { id: string }>(all: One[], read: readonly { id: string }[]) =>
    all.filter(({ id }) => read.some((one) => one.id === id))
  return {
    machines: among(now.machines, launched.machines),
    volumes: among(now.volumes, launched.volumes),
    groups: among(now.groups, launched.groups),
  }
}

interface Part {
  title: string
  sentence: string
  /** As a plan names it. */
  say: (launched: TearDownFacts['found'][number]['launched']) => string[]
  /** What is not gone yet. */
  left: (launched: Launched) => string[]
  drop: (found: Found, own: () => Promise<Launched>, ports: ActPorts, context: StepContext) => Promise<void>
  final: string
}

const drop = ({ title, sentence, say, left, drop: dropAll, final }: Part): Effect<TearDownFacts, null, null> => ({
  title,
  preview: ({ found }) => ({
    sentence,
    commands: found.flatMap(({ place, launched }) => say(launched).map((one) => `${place.region}: ${one}`)),
  }),
  check: async (facts, ports, { signal, intended }) => {
    const own = await Promise.all(facts.found.map((one) => named(facts, one, ports, signal)))
    const now = own.flatMap(left)
    if (now.length === 0) return { found: 'done', output: null }
    const before = facts.found.flatMap(({ launched }) => left(launched))
    return {
      found: 'ready',
      before: null,
      ...(intended !== null && now.join() !== before.join() ? { partly: `${now.join(', ')} is left` } : {}),
    }
  },
  run: async (facts, _before, ports, context) => {
    for (const one of facts.found) await dropAll(one, () => named(facts, one, ports.read, context.signal), ports, context)
  },
  timeoutMs: stepTimeoutMs,
  ending: { final },
})

export const terminateMachines = () =>
  drop({
    title: 'Terminate the machines',
    sentence: 'Terminate the machines and wait until EC2 says that they are gone. Their system disks go with them.',
    say: ({ machines }) =>
      machines.filter(({ state }) => state !== 'terminated').map(({ id, type }) => `ec2:TerminateInstances ${id} (${type})`),
    left: ({ machines }) => machines.filter(({ state }) => state !== 'terminated').map(({ id }) => id),
    drop: ({ place }, own, ports, context) => terminate(place, own, ports, context),
    final: 'A terminated machine does not come back.',
  })

export const deleteVolumes = () =>
  drop({
    title: 'Delete the volumes',
    sentence: 'Delete the volumes with the herd’s data.',
    say: ({ volumes }) =>
      volumes.map(
        ({ id, kind, sizeGb, goesWithMachine }) =>
          `ec2:DeleteVolume ${id} (${kind}, ${sizeGb} GB${goesWithMachine ? ', goes with its machine' : ''})`,
      ),
    left: ({ volumes }) => volumes.map(({ id }) => id),
    drop: ({ place }, own, ports, context) => dropVolumes(place, own, ports, context),
    final: 'The data are gone.',
  })

export const deleteGroups = () =>
  drop({
    title: 'Delete the security group',
    sentence: 'Delete the herd’s own security group.',
    say: ({ groups }) => groups.map(({ id, name }) => `ec2:DeleteSecurityGroup ${id} (${name})`),
    left: ({ groups }) => groups.map(({ id }) => id),
    drop: ({ place }, own, ports, context) => dropGroups(place, own, ports, context),
    final: 'The next launch makes another one.',
  })

/** Looked at afresh, whatever the plan named. */
export const proveNothingLeft = (): Effect<TearDownFacts, null, null> => {
  const leftNow = async (facts: TearDownFacts, ports: ReadPorts, signal: AbortSignal): Promise<Launched[]> =>
    Promise.all(facts.found.map(({ place }) => taggedBy(place, facts.launch.id, ports, signal)))
  return {
    title: 'Prove that nothing is left',
    preview: ({ launch, found }) => ({
      sentence:
        'Look for everything that carries the blueprint’s tag. What is left is named with its price per month, and the registrations then stay.',
      commands: found.map(({ place }) => `${place.region}: what has the tag ${blueprintTag}=${launch.id}`),
    }),
    check: async (facts, ports, { signal }) => {
      const left = (await leftNow(facts, ports, signal)).flatMap(isLeft)
      return left.length === 0 ? { found: 'done', output: null } : { found: 'ready', before: null }
    },
    run: async (facts, _before, ports, { signal, note }) => {
      const all = await leftNow(facts, ports.read, signal)
      const left = all.flatMap((one) => sayLaunched(one, facts.launch))
      if (left.length === 0) return note('info', 'Nothing carries the tag any more.')
      throw new Fault('step.blocked', {
        because: `Of the herd there is still ${left.join('; ')}. Delete it by hand, and resume.`,
        isOver: true,
      })
    },
    timeoutMs: 60_000,
    ending: { final: 'It only looks.', harmless: true },
  }
}

export const dropKeys = (): Effect<TearDownFacts, null, null> => ({
  title: 'Delete the herd’s keys',
  preview: () => ({ sentence: 'Delete the authority and certificates of the herd from the console.', commands: [] }),
  check: async (facts, ports) => {
    const wanted = { cluster: facts.launch.blueprint.name, secrets: [], servers: [], days: 0 }
    return (await ports.stacks.hasKeys(keysIdOf(facts), wanted)) ? { found: 'ready', before: null } : { found: 'done', output: null }
  },
  run: (facts, _before, ports, { signal }) => ports.act.stacks.dropKeys(keysIdOf(facts), { timeoutMs: writeTimeoutMs, signal }),
  timeoutMs: writeTimeoutMs + 10_000,
  ending: { final: 'Nothing uses them any more.', harmless: true },
})

export const unregisterHerd = (): Effect<TearDownFacts, null, null> => ({
  title: 'Remove the registrations',
  preview: ({ launch, members }) => ({
    sentence: `Remove the registrations of the herd ${launch.herd?.name}, of ${members.map(({ place }) => place.title).join(', ') || 'no member'}, and of their servers. The blueprint stays, and can be launched again.`,
    commands: [],
  }),
  check: async ({ launch }, ports) =>
    (await ports.inventory.blueprint(launch.id)).herd === null ? { found: 'done', output: null } : { found: 'ready', before: null },
  run: ({ launch }, _before, ports, { signal, jobId }) =>
    ports.act.inventory.forgetLaunch({ blueprintId: launch.id, herdId: launch.herd!.id, jobId }, { timeoutMs: writeTimeoutMs, signal }),
  timeoutMs: writeTimeoutMs + 10_000,
  ending: { final: 'There is nothing that they could stand for.', harmless: true },
})
