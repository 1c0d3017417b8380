import { z } from 'zod'
import { parseParameters } from '@/lib/domain/settings/edits'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded } from '@/lib/kernel/operation/only-when'
import type { GatherContext, Operation, Segment, Step } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { restart } from '../restart'
import { affectedOf, type RollInput, rollInput } from '../rolling'
import { gatherRoll, type HerdRoll, isPrimary, primaryOf, type RollMember } from '../rolling/facts'
import * as rollGates from '../rolling/gates'
import { isRestarted } from '../rolling/restart'
import { type MemberWork, partsOf, primaryFirst, segmentsOf } from '../rolling/segments'
import { switchover } from '../switchover'
import { switchoverInput } from '../switchover/input'
import { changesOf, isDone, isWaiting, sayChange } from './change'
import { lookAtParameters, namesOf, problemsOf, type SetFacts } from './facts'
import * as gates from './gates'
import { parametersInput } from './input'
import { loadParameters } from './load'
import { replayLimits } from './replay-limits'
import { writeParameters } from './write'

type HerdFacts = Omit<HerdRoll, 'members'> & SetFacts & { roll: HerdRoll }
type HerdInput = RollInput & { parameters: string; restart: boolean; timeoutSeconds: number }
type RollFacts = HerdFacts & { input: HerdInput }

const gatherHerd = async (ports: ReadPorts, parameters: string, context: GatherContext): Promise<HerdFacts> => {
  const { edits } = parseParameters(parameters)
  const roll = await gatherRoll(ports, context.targetId, context)
  const members = await Promise.all(roll.members.map(({ place, probe }) => lookAtParameters(ports, place, probe, namesOf(edits), context)))
  return { herd: roll.herd, edits, members, roll, problems: await problemsOf(ports, members, context) }
}

const about = ({ herd }: HerdFacts) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null })
const locks = ({ herd }: HerdFacts) => [`herd:${herd.id}`]
const firm = ({ herd, edits, members, problems }: HerdFacts) => ({
  herd: herd.id,
  problems,
  members: members.map((member) => ({
    id: member.place.id,
    address: member.place.address,
    state: member.probe.state,
    role: member.probe.role,
    timeline: member.probe.timeline,
    systemIdentifier: member.probe.systemIdentifier,
    changes: changesOf(edits, member).map(({ name, from, to, parameter }) => ({
      name,
      from,
      to,
      value: parameter.value,
      filed: parameter.filed,
    })),
  })),
})
const now = (facts: HerdFacts) =>
  facts.members.flatMap((member) => [
    { label: member.place.title, value: member.probe.role === 'unknown' ? member.probe.state : member.probe.role },
    ...changesOf(facts.edits, member).map((change) => ({ label: `${member.place.title}: ${change.name}`, value: sayChange(change) })),
  ])

/** Written and loaded on all members, or on none. */
const onAll: Operation = defineOperation({
  name: 'set-herd-parameters-now',
  on: 'dr-pair',
  role: 'dba',
  title: 'Set the parameters',
  verb: 'Set the parameters',
  danger: 'routine',
  input: z.strictObject(parametersInput),
  help: [],
  gather: (ports, { parameters }, context) => gatherHerd(ports, parameters, context),
  about,
  firm,
  managed: { deed: 'alter-system', servers: 'herd' },
  locks,
  now,
})
  .gate('known', 'Every member has these parameters', gates.areKnown)
  .gate('valid', 'They may be set to these values', gates.canBeSet)
  .effect('write', writeParameters<HerdFacts>())
  .effect('load', loadParameters<HerdFacts>(), {
    when: (facts) => leftToLoad(facts),
    otherwise: notNeeded('Every value is loaded.'),
  })
  .build()

const leftToLoad = ({ edits, members }: SetFacts): boolean =>
  members.some((member) => changesOf(edits, member).some((change) => !isDone(change) && !isWaiting(change)))

const needsIt = (facts: SetFacts, { place }: RollMember): boolean => {
  const member = facts.members.find((one) => one.place.id === place.id)
  return member !== undefined && gates.needingRestart(facts, member).length > 0
}

const movesOf = (facts: SetFacts) =>
  facts.members.flatMap((member) => changesOf(facts.edits, member).flatMap((change) => gates.limitMove(change) ?? []))
/** A standby must not have less than its primary: then the primary comes first. */
const isLowered = (facts: SetFacts): boolean => movesOf(facts).some(({ from, to }) => to < from)
const isRaised = (facts: SetFacts): boolean => movesOf(facts).some(({ from, to }) => to > from)

const taken = (facts: RollFacts): RollMember[] => (facts.input.restart ? facts.roll.members.filter((one) => needsIt(facts, one)) : [])
const movesPrimary = (facts: RollFacts): boolean => !isLowered(facts) && taken(facts).some(isPrimary)

const workOf = (facts: RollFacts): MemberWork => ({
  operation: restart,
  input: { mode: 'fast', timeoutSeconds: facts.input.timeoutSeconds },
  needless: (seen, planned) => {
    if (!facts.input.restart) return notAsked('What needs a restart waits for one.')
    if (!needsIt(facts, planned)) return notNeeded('No value needs a restart.')
    return seen.probe.state === 'online' && isRestarted(seen, planned) ? notNeeded('It has started anew since the plan was made.') : null
  },
})

const segments = (facts: RollFacts): Segment[] => {
  const { leadBack, blockers, blockerSeconds, holdUps, leaveOut, canary } = facts.input
  const asked = switchoverInput.parse({ blockers, blockerSeconds, holdUps, leaveOut, canary }) as JsonObject
  const work = workOf(facts)
  const first: MemberWork['first'] = (member, primary) =>
    ({ name: 'limits-replayed', ...replayLimits(member.place, primary.place) }) as unknown as Step
  return [
    {
      ...{ key: 'parameters', title: 'Parameters', operation: onAll, targetId: facts.herd.id, forecast: onAll },
      input: { parameters: facts.input.parameters },
      leftOut: facts.members.every((member) => changesOf(facts.edits, member).every((change) => isDone(change) || isWaiting(change)))
        ? notNeeded('Every value is loaded.')
        : null,
    },
    ...(isLowered(facts) ? primaryFirst(facts.roll, { ...work, first }) : segmentsOf(facts.roll, { ...work, switchover: asked, leadBack })),
  ]
}

/** Settings of others that wait for a restart come with it; those that are set here count as they will be. */
const othersPending = ({ roll, edits }: RollFacts): HerdRoll => {
  const own = new Set(edits.map(({ name }) => name.toLowerCase()))
  return {
    ...roll,
    members: roll.members.map((one) => ({ ...one, pending: one.pending.filter(({ name }) => !own.has(name.toLowerCase())) })),
  }
}

const everyMemberIsSeen = ({ members }: HerdFacts) => {
  const away = members.filter(({ probe }) => probe.state !== 'online')
  if (away.length === 0) return { verdict: 'pass' as const }
  const said = away.map(
    ({ place, probe }) => `${place.title} is ${probe.state}${probe.because === null ? '' : `: ${probe.because.replace(/\.$/, '')}`}`,
  )
  return {
    verdict: 'refuse' as const,
    because: `${said.join('; ')}. What is set on the others alone would differ there: bring it back, or use Set parameters on the instances that are to have it.`,
  }
}

const oneDirection = (facts: RollFacts) =>
  isLowered(facts) && isRaised(facts) && facts.input.restart
    ? {
        verdict: 'refuse' as const,
        because: 'Some limits rise and others fall: raised ones start on the standbys, lowered ones on the primary. Make two runs of it.',
      }
    : gates.touchesLimits(facts) && isLowered(facts)
      ? {
          verdict: 'warn' as const,
          because: `A limit falls, so ${facts.input.restart ? 'the primary is restarted first, where it is, and nobody takes writes meanwhile; then the standbys' : 'the primary has to be restarted before the standbys'}.`,
        }
      : { verdict: 'pass' as const, ...(isRaised(facts) ? { because: 'A limit rises: the standbys are restarted first.' } : {}) }

export const setHerdParameters = defineOperation({
  name: 'set-herd-parameters',
  on: 'dr-pair',
  role: 'dba',
  title: 'Set parameters on every member',
  verb: 'Set parameters on every member',
  danger: 'disruptive',
  dangerWith: ({ restart: isAsked }) => (isAsked ? 'disruptive' : 'routine'),
  input: z.strictObject({
    ...parametersInput,
    restart: z.boolean().default(false).meta({
      title: 'Rolling restart where a value needs it',
      description: 'The standbys one by one, a switchover, the former primary. Without it such a value waits for the next restart.',
    }),
    timeoutSeconds: z
      .int()
      .min(5)
      .max(3600)
      .default(60)
      .meta({ title: 'Shutdown timeout (seconds)', description: 'How long the shutdown of one member may take.' }),
    ...rollInput,
  }) as unknown as z.ZodType<HerdInput & JsonObject>,
  help: [
    'Sets parameters of PostgreSQL by ALTER SYSTEM on every member of a herd, reloads them, and proves that each took them. If one does not, the former values are put back on all.',
    'The plan shows each value of each member as it is, with the file and line that sets it, and as it will be. Every member has to be online.',
    'What needs a restart waits for one, or a rolling restart follows in the same job: the standbys one by one, a switchover, the former primary. Each of these stays as it is when a later one fails. A standby that does not start with its new value is left stopped, nobody else is taken down, and the job needs attention: take the value out of postgresql.auto.conf on its host, and resume.',
    'max_connections and the other limits that a standby compares with its primary are raised on the standbys first. When they are lowered the primary is restarted first, where it is, and each standby once it has replayed that.',
    'Where somebody meanwhile switches over to a member that has a higher limit already, the others stop replaying until they are restarted: the job stops and names them, and a new plan restarts them first.',
  ],
  gather: async (ports, given, context): Promise<RollFacts> => ({ input: given, ...(await gatherHerd(ports, given.parameters, context)) }),
  about,
  firm,
  lasting: ({ herd, roll }) => ({ herd: herd.id, primary: primaryOf(roll)?.place.id ?? null }),
  managed: { deed: 'alter-system', servers: 'herd' },
  locks,
  interrupts: (facts) =>
    facts.roll.members
      .filter((one) => movesPrimary(facts) || taken(facts).includes(one))
      .map((one) => ({ place: one.place, probe: one.probe, ...(movesPrimary(facts) && !isPrimary(one) ? { isPromoted: true } : {}) })),
  now,
  affected: (facts) => affectedOf(facts.roll, taken(facts)),
  offered: switchover.offered,
  asksPhrase: ({ restart: isAsked }) => isAsked,
})
  .gate('one-primary', 'One member takes writes', ({ roll }) => rollGates.onePrimary(roll))
  .gate('seen', 'Every member is online', everyMemberIsSeen)
  .gate('readable', 'Their parameters can be read', gates.canRead)
  .gate('files', 'Configuration files parse', gates.filesAreRight)
  .gate('known', 'Every member has these parameters', gates.areKnown)
  .gate('valid', 'They may be set to these values', gates.canBeSet)
  .gate('change', 'Something changes', (facts) => gates.somethingChanges(facts, facts.input.restart))
  .gate('overrides', 'What overrides what', gates.sayOverrides)
  .gate('restarts', 'Restarts', (facts) => gates.sayRestart(facts, facts.input.restart))
  .gate('order', 'Limits rise or fall together', oneDirection)
  .gate('healthy', 'Every member is healthy', ({ roll }) => rollGates.allHealthy(roll), whenRestarted())
  .gate('standbys', 'Another member is there while one is away', (facts) => rollGates.standbyLeft(facts.roll, taken(facts)), {
    when: (facts) => taken(facts).length > 0 && !isLowered(facts),
    otherwise: { verdict: 'pass' },
  })
  .gate('synchronous', 'Commits need not wait', (facts) => rollGates.commitsReturn(facts.roll, taken(facts)), whenRestarted())
  .gate(
    'limits',
    'No limit of a standby falls below the primary’s',
    (facts) => {
      const roll = othersPending(facts)
      return rollGates.limitsRise(
        roll,
        roll.members.filter((one) => needsIt(facts, one)),
      )
    },
    whenRestarted(),
  )
  .rolls(segments, [{ key: 'parameters', title: 'Parameters', operation: onAll }, ...partsOf(restart)])
  .build()

function whenRestarted() {
  return { when: (facts: RollFacts) => taken(facts).length > 0, otherwise: { verdict: 'pass' as const } }
}
