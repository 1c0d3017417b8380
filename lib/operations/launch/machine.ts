import { blueprintTag, choiceTag } from '@/lib/domain/blueprints/launch/tags'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { LaunchChoice, LaunchedMachine, ReadPorts } from '@/lib/ports'
import { dataDevice, rootDevice } from '@/lib/ports/launches'
import { addressOf, isAlive, type LaunchFacts, placeIn, taggedBy } from './facts'
import { dropVolumes, ownOf, ownOrLost, terminate } from './found'
import { machineSpec } from './spec'

type Before = { part: string }
type Output = { instanceId: string; type: string; zone: string; market: string }

const lookEveryMs = 2_000
const askTimeoutMs = 60_000
const timeoutMs = 15 * 60_000

export const sayChoice = ({ type, zone, region, market }: LaunchChoice): string => `${type} in ${zone ?? region} (${market})`

const choiceAt = (mark: unknown): number => (typeof mark === 'number' ? mark : 0)

const whole = (facts: LaunchFacts, machine: LaunchedMachine | undefined): boolean =>
  machine?.state === 'running' && addressOf(facts, machine) !== null

/** The choices are tried in their order until EC2 gives one. */
export const launchMachine = (): Effect<LaunchFacts, Before, Output> => ({
  title: 'Launch the machine',
  preview: (facts) => {
    const { blueprint, choices } = facts.launch
    const [first, ...next] = choices
    return {
      sentence: `Launch ${first === undefined ? 'a machine' : sayChoice(first)}${next.length === 0 ? '' : `; where EC2 has none to give: ${next.map(sayChoice).join('; ')}`}. Volumes are encrypted, metadata is given by session alone (IMDSv2), and user data holds the console’s public key and no secret.`,
      commands:
        first === undefined
          ? []
          : [
              `ec2:RunInstances ${first.type} ${facts.images[first.architecture]?.name ?? 'no image'} --market ${first.market} --tag ${blueprintTag}=${facts.launch.id}`,
              `${rootDevice}: gp3, ${blueprint.rootGb} GB, encrypted, goes with the machine`,
              ...(facts.kept !== null || blueprint.storageGb === null
                ? []
                : [`${dataDevice}: ${blueprint.volumeKind}, ${blueprint.storageGb} GB, encrypted, stays when the machine goes`]),
            ],
    }
  },
  check: async (facts, ports, { intended, mark, signal }) => {
    if (intended === null) return { found: 'ready', before: { part: crypto.randomUUID() } }
    const machine = (await ownOf(placeIn(facts), intended.before.part, ports, signal)).machines.find(isAlive)
    if (machine !== undefined && whole(facts, machine)) {
      const { id, type, zone, market } = machine
      return { found: 'done', output: { instanceId: id, type, zone, market } }
    }
    const isAsked = machine !== undefined || mark !== null
    return {
      found: 'ready',
      before: intended.before,
      ...(isAsked ? { partly: machine === undefined ? 'EC2 was asked for a machine' : `${machine.id} is ${machine.state}` } : {}),
    }
  },
  run: async (facts, { part }, ports, context) => {
    const groups = await groupIds(facts, ports.read, context.signal)
    const refusals: string[] = []
    const { choices } = facts.launch
    for (let at = choiceAt(context.marked); at < choices.length; at += 1) {
      const choice = choices[at]!
      const spec = machineSpec(facts, at, { part, groupIds: groups, jobId: context.jobId })
      await context.mark(at)
      context.note(
        'command',
        `ec2:RunInstances ${spec.type} ${spec.zone ?? spec.subnetId ?? ''} ${spec.market} (client token ${spec.token})`,
      )
      const own = async () =>
        (await ownOf(placeIn(facts), part, ports.read, context.signal)).machines.filter(({ tags }) => tags[choiceTag] === String(at))
      const because = await tryOne(facts, own, context, () =>
        ports.act.cloud.launch(placeIn(facts), spec, { timeoutMs: askTimeoutMs, signal: context.signal }),
      )
      if (because === null) return
      refusals.push(`${sayChoice(choice)}: ${because}`)
      context.note('warning', refusals.at(-1)!)
    }
    throw new Fault('cloud.no-capacity', { because: `EC2 gave none of the choices. ${refusals.join(' ')}`, isOver: true })
  },
  timeoutMs,
  canInterrupt: true,
  ending: {
    undo: async (facts, { part }, output, ports, context) => {
      const own = () => ownOf(placeIn(facts), part, ports.read, context.signal)
      await ownOrLost(placeIn(facts), { part, isSeen: output !== null }, ports.read, context)
      await terminate(placeIn(facts), own, ports, context)
      await dropVolumes(placeIn(facts), own, ports, context)
    },
    sentence:
      'If the job fails later, the machine is terminated and its volumes are deleted: those that carry the tag of this step, and nothing else.',
    timeoutMs: 15 * 60_000,
  },
})

const groupIds = async (facts: LaunchFacts, ports: ReadPorts, signal: AbortSignal): Promise<string[]> => {
  const { securityGroupIds } = facts.launch.blueprint
  if (securityGroupIds.length > 0) return securityGroupIds
  const { groups } = await taggedBy(placeIn(facts), facts.launch.id, ports, signal)
  if (groups.length === 0) throw new Fault('step.blocked', { because: 'the herd’s security group is not there any more', isOver: true })
  return groups.map(({ id }) => id)
}

/** Asks with the same token until the answer is known, and waits for the machine. Why there is none of this choice, in words; null: it runs. */
const tryOne = async (
  facts: LaunchFacts,
  own: () => Promise<LaunchedMachine[]>,
  context: RunContext,
  ask: () => Promise<void>,
): Promise<string | null> => {
  let isTaken = false
  for (;;) {
    try {
      if (!isTaken) await ask()
      isTaken = true
      const machines = await own()
      if (whole(facts, machines.find(isAlive))) return null
      if (machines.length > 0 && !machines.some(isAlive)) return `EC2 took ${machines.map(({ id }) => id).join(', ')} back`
    } catch (error) {
      if (!isFault(error) || context.signal.aborted) throw error
      if (error.code === 'cloud.no-capacity' || error.code === 'cloud.unfit') return error.message
      if (error.code !== 'cloud.unreachable') throw error
      context.note('warning', error.message)
    }
    if (context.signal.aborted) throw new Fault('step.unknown', { because: 'EC2 does not say that the machine runs' })
    await context.pauseUnlessCancelled(lookEveryMs)
  }
}
