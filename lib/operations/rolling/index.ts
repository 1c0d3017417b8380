import { z } from 'zod'
import { counted } from '@/lib/domain/values/counted'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import type { Operation } from '@/lib/kernel/operation/operation'
import type { Affected, Verdict } from '@/lib/kernel/operation/plan'
import { pass, worstVerdict } from '@/lib/kernel/operation/verdict'
import { switchover } from '../switchover'
import { switchoverInput } from '../switchover/input'
import { gatherRoll, type HerdRoll, isPrimary, primaryOf, type RollMember } from './facts'
import * as gates from './gates'
import { type MemberWork, partsOf, segmentsOf } from './segments'

/** What every rolling operation asks beside its own: how it moves the primary. */
export const rollInput = {
  leadBack: z.boolean().default(false).meta({
    title: 'Switch back',
    description: 'Makes the former primary the primary again at the end, by a second switchover.',
  }),
  ...switchoverInput.pick({ blockers: true, blockerSeconds: true, holdUps: true, leaveOut: true, canary: true }).shape,
}

export type RollInput = z.infer<z.ZodObject<typeof rollInput>>
/** `input`: what the member’s work is asked for, too. */
type RollFacts = HerdRoll & { input: RollInput & JsonObject }

interface RollingHead<Shape extends z.ZodRawShape> {
  name: string
  title: string
  verb: string
  help: readonly string[]
  /** What it asks of its own. */
  input: Shape
  /** On each member, as an operation on an instance. */
  member: Operation
  work: (input: z.infer<z.ZodObject<Shape>>) => Omit<MemberWork, 'operation'>
  /** What waits on a member, in words; null: nothing. */
  now: (member: RollMember, input: z.infer<z.ZodObject<Shape>>) => string | null
  /** Of the whole herd, below its members. Default: none. */
  rows?: (taken: readonly RollMember[], input: z.infer<z.ZodObject<Shape>>) => { label: string; value: string }[]
  /** Checks of its own on the members that are taken, each on all of them. Default: none. */
  gates?: readonly {
    name: string
    title: string
    look: (member: RollMember, input: z.infer<z.ZodObject<Shape>>) => Verdict
  }[]
  /** What of `seen` the plan stands on. Default: nothing. */
  firm?: (member: RollMember) => JsonObject
}

/**
 * An operation on the members of a herd as one on the herd, without a moment in which nobody takes writes: the standbys one by one, a switchover, the former
 * primary. Each is a segment of one job, which holds the herd for its whole length; between two of them it can be cancelled, and what is done stays.
 */
export const rolling = <Shape extends z.ZodRawShape>({
  input: own,
  member,
  work,
  now,
  rows = () => [],
  gates: ownGates = [],
  firm = () => ({}),
  ...head
}: RollingHead<Shape>): Operation => {
  const ownOf = (input: JsonObject) => input as z.infer<z.ZodObject<Shape>>
  const workOf = (input: JsonObject) => ({ operation: member, ...work(ownOf(input)) })
  const taken = (facts: RollFacts) => facts.members.filter((one) => workOf(facts.input).needless(one, one) === null)
  const moves = (facts: RollFacts) => taken(facts).some(isPrimary)
  const segments = (facts: RollFacts) => {
    const { leadBack, blockers, blockerSeconds, holdUps, leaveOut, canary } = facts.input
    const asked = switchoverInput.parse({ blockers, blockerSeconds, holdUps, leaveOut, canary }) as JsonObject
    return segmentsOf(facts, { ...workOf(facts.input), switchover: asked, leadBack })
  }
  return defineOperation({
    ...head,
    on: 'dr-pair',
    role: 'dba',
    danger: 'disruptive',
    input: z.strictObject({ ...own, ...rollInput }) as unknown as z.ZodType<RollInput & JsonObject>,
    gather: async (ports, input, context): Promise<RollFacts> => ({
      input,
      ...(await gatherRoll(ports, context.targetId, context, workOf(input).look)),
    }),
    about: ({ herd }) => ({ title: herd.name, environmentId: herd.environmentId, herdId: herd.id, serverId: null }),
    firm: (facts) => ({
      herd: facts.herd.id,
      members: facts.members.map((one) => ({
        id: one.place.id,
        address: one.place.address,
        state: one.probe.state,
        role: one.probe.role,
        timeline: one.probe.timeline,
        systemIdentifier: one.probe.systemIdentifier,
        isTaken: workOf(facts.input).needless(one, one) === null,
        ...firm(one),
      })),
    }),
    lasting: (facts) => ({ herd: facts.herd.id, primary: primaryOf(facts)?.place.id ?? null }),
    managed: { deed: 'switchover', servers: 'herd' },
    locks: ({ herd }) => [`herd:${herd.id}`],
    interrupts: (facts) =>
      facts.members
        .filter((one) => moves(facts) || taken(facts).includes(one))
        .map((one) => ({ place: one.place, probe: one.probe, ...(moves(facts) && !isPrimary(one) ? { isPromoted: true } : {}) })),
    now: (facts) => [
      ...facts.members.map((one) => ({
        label: one.place.title,
        value: [one.probe.role === 'unknown' ? one.probe.state : one.probe.role, now(one, ownOf(facts.input))]
          .filter((text) => text !== null)
          .join(', '),
      })),
      ...rows(taken(facts), ownOf(facts.input)),
    ],
    affected: (facts) => affectedOf(facts, taken(facts)),
    offered: switchover.offered,
  })
    .gate('one-primary', 'One member takes writes', gates.onePrimary)
    .gate('healthy', 'Every member is healthy', gates.allHealthy)
    .gate('standbys', 'Another member is there while one is away', (facts) => gates.standbyLeft(facts, taken(facts)))
    .gate('synchronous', 'Commits need not wait', (facts) => gates.commitsReturn(facts, taken(facts)))
    .gate('limits', 'No limit of a standby falls below the primary’s', (facts) => gates.limitsRise(facts, taken(facts)))
    .gates(
      ownGates.map(({ name, title, look }) => ({
        name,
        title,
        look: (facts: RollFacts) =>
          overMembers(taken(facts).map((one) => ({ title: one.place.title, verdict: look(one, ownOf(facts.input)) }))),
      })),
    )
    .rolls(segments, partsOf(member))
    .build()
}

/** The worst of what is said of each member, with the names of those that it is said of. */
const overMembers = (looked: readonly { title: string; verdict: Verdict }[]): Verdict => {
  const verdict = worstVerdict(looked.map((one) => one.verdict))
  const said = looked.flatMap(({ title, verdict: { verdict: own, because } }) =>
    own === verdict && because !== undefined ? [`${title}: ${because}`] : [],
  )
  return said.length === 0 ? pass : ({ verdict, because: said.join(' ') } as Verdict)
}

export const affectedOf = (facts: HerdRoll, taken: readonly RollMember[]): Affected[] => {
  const standbys = taken.filter((one) => !isPrimary(one))
  const clients = standbys.reduce((sum, { probe }) => sum + (probe.clients ?? 0), 0)
  const primary = taken.find(isPrimary)
  return [
    ...(clients > 0
      ? [
          {
            kind: 'clients' as const,
            count: clients,
            sentence: `${counted(clients, 'client')} of standbys will be cut, one standby at a time.`,
          },
        ]
      : []),
    ...(primary?.probe.clients
      ? [
          {
            kind: 'clients' as const,
            count: primary.probe.clients,
            sentence: `${counted(primary.probe.clients, 'client')} of ${primary.place.title} will wait for a moment behind a pooler, or be cut where there is none.`,
          },
        ]
      : []),
    ...(standbys.length > 0
      ? [
          {
            kind: 'redundancy' as const,
            count: facts.members.length - 2,
            sentence: `One standby of ${facts.herd.name} is away at a time.`,
          },
        ]
      : []),
  ]
}
