import { launchPort } from '@/lib/domain/blueprints/launch/launched'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { LaunchedGroup, LaunchedMachine, LaunchRule, ReadPorts } from '@/lib/ports'
import { addressOf, cloudTimeoutMs, isAlive, type LaunchFacts, machineNow, memberName, placeIn, taggedBy } from '../facts'

const timeoutMs = 60_000

interface Seen {
  groups: LaunchedGroup[]
  rules: LaunchRule[]
}

const ruleFor = (facts: LaunchFacts, machine: LaunchedMachine): LaunchRule[] => {
  const address = addressOf(facts, machine)
  return address === null ? [] : [{ port: launchPort, network: `${address}/32`, description: `member ${machine.tags.Name ?? machine.id}` }]
}

const look = async (facts: LaunchFacts, ports: ReadPorts, signal: AbortSignal): Promise<Seen> => {
  const { machines, groups } = await taggedBy(placeIn(facts), facts.launch.id, ports, signal)
  return { groups, rules: machines.filter(isAlive).flatMap((one) => ruleFor(facts, one)) }
}

const isLetIn = ({ groups, rules }: Seen): boolean =>
  groups.every((group) => rules.every((rule) => group.rules.some(({ port, network }) => port === rule.port && network === rule.network)))

/** Each member may become the primary of the others. */
export const letMembersIn = (): Effect<LaunchFacts, null, null> => ({
  title: 'Let the members reach each other',
  preview: (facts) => ({
    sentence: `Let in the address of each member of the herd, and of ${memberName(facts)}, through the herd’s security group, at the port of PostgreSQL.`,
    commands: [`ec2:AuthorizeSecurityGroupIngress tcp ${launchPort} from the address of each member`],
  }),
  check: async (facts, ports, { signal }) => {
    if ((await machineNow(facts, ports, signal)) === null) return { found: 'ready', before: null }
    return isLetIn(await look(facts, ports, signal)) ? { found: 'done', output: null } : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, { signal }) => {
    const { groups, rules } = await look(facts, ports.read, signal)
    if (groups.length === 0) throw new Fault('step.blocked', { because: 'the herd’s security group is not there any more', isOver: true })
    for (const { id } of groups) await ports.act.cloud.allow(placeIn(facts), id, rules, { timeoutMs: cloudTimeoutMs, signal })
  },
  timeoutMs,
  ending: { final: 'The rules go with the security group.', harmless: true },
})
