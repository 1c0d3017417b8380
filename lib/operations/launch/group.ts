import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { LaunchedGroup } from '@/lib/ports'
import { cloudTimeoutMs, type LaunchFacts, placeIn } from './facts'
import { dropGroups, ownOf, ownOrLost } from './found'
import { groupSpec, rulesOf } from './spec'

type Before = { part: string }

const lookEveryMs = 1_000
const timeoutMs = 120_000

/** The group has let in whom it is to. */
const isWhole = (facts: LaunchFacts, group: LaunchedGroup): boolean =>
  rulesOf(facts).every(({ port, network }) => group.rules.some((one) => one.port === port && one.network === network))

/** A group of the herd's own: nobody comes in whom it does not name. */
export const makeGroup = (): Effect<LaunchFacts, Before, { groupId: string }> => ({
  title: 'Create the security group',
  preview: (facts) => ({
    sentence: 'Create a security group of the herd’s own, which lets in nobody but these networks.',
    commands: [
      `ec2:CreateSecurityGroup matriarch-${facts.launch.blueprint.name}-…${facts.launch.blueprint.vpcId === null ? '' : ` in ${facts.launch.blueprint.vpcId}`}`,
      ...rulesOf(facts).map(
        ({ port, network, description }) => `ec2:AuthorizeSecurityGroupIngress tcp ${port} from ${network} (${description})`,
      ),
    ],
  }),
  check: async (facts, ports, { intended, mark, signal }) => {
    if (intended === null) return { found: 'ready', before: { part: crypto.randomUUID() } }
    const [group] = (await ownOf(placeIn(facts), intended.before.part, ports, signal)).groups
    if (group !== undefined && isWhole(facts, group)) return { found: 'done', output: { groupId: group.id } }
    const isAsked = group !== undefined || mark !== null
    return {
      found: 'ready',
      before: intended.before,
      ...(isAsked ? { partly: group === undefined ? 'it was asked for' : `${group.id} is there` } : {}),
    }
  },
  run: async (facts, { part }, ports, context) => {
    const { signal, jobId } = context
    const options = { timeoutMs: cloudTimeoutMs, signal }
    const spec = groupSpec(facts, { part, jobId })
    await context.mark('asked')
    await ports.act.cloud.makeGroup(placeIn(facts), spec, options)
    for (;;) {
      const [group] = (await ownOf(placeIn(facts), part, ports.read, signal)).groups
      if (group !== undefined && isWhole(facts, group)) return { groupId: group.id }
      try {
        if (group !== undefined) await ports.act.cloud.allow(placeIn(facts), group.id, rulesOf(facts), options)
      } catch (error) {
        if (!isFault(error, 'cloud.unreachable') || signal.aborted) throw error
        context.note('warning', error.message)
      }
      if (signal.aborted) throw new Fault('step.unknown', { because: 'the group is not in sight' })
      await context.pauseUnlessCancelled(lookEveryMs)
    }
  },
  timeoutMs,
  canInterrupt: true,
  ending: {
    undo: async (facts, { part }, output, ports, context) => {
      await ownOrLost(placeIn(facts), { part, isSeen: output !== null }, ports.read, context)
      await dropGroups(placeIn(facts), () => ownOf(placeIn(facts), part, ports.read, context.signal), ports, context)
    },
    sentence: 'If the job fails later, the group is deleted.',
    timeoutMs: 300_000,
  },
})
