import type { JsonObject } from '@/lib/kernel/ground/json'
import type { LeftOut } from '@/lib/kernel/ground/left-out'
import { effectWhen, notAsked, notNeeded } from '@/lib/kernel/operation/only-when'
import type { Effect, Facts, Gate, Operation, Segment, Step } from '@/lib/kernel/operation/operation'
import { lookAt } from '../steps/postgres/server'
import { catchUp } from '../steps/replication/catch-up'
import { switchover } from '../switchover'
import { awaitHealthy } from './all-healthy'
import { gatherRoll, type HerdRoll, isPrimary, type LookAtMember, primaryOf, type RollMember } from './facts'
import { asPlanned, type Expected } from './gates'

/** What is done to each member while it is a standby. */
export interface MemberWork {
  operation: Operation
  input: JsonObject
  /** Why this member is left out; null: it has need. `planned`: as it was when the plan was made. */
  needless: (now: RollMember, planned: RollMember) => LeftOut | null
  /** What a standby waits for before it is taken. */
  first?: (member: RollMember, primary: RollMember) => Step
  /** What is looked at of a member beside its PostgreSQL, for `needless`. */
  look?: LookAtMember
  /** What becomes of the former primary, in words. Default: it is restarted by the switchover, and only if not by the work. */
  former?: (primary: RollMember) => string
}

export interface Roll extends MemberWork {
  /** What the switchover is asked for, candidate aside. */
  switchover: JsonObject
  leadBack: boolean
}

/** Facts of a segment: those of its operation, and the herd. */
type Within = Facts & { roll: HerdRoll }
const rollOf = (facts: Facts): HerdRoll => (facts as Within).roll

/** `operation` with the herd among its facts, looked at again when its turn comes. */
const within = (operation: Operation, { herd }: HerdRoll, expected: Expected, look?: LookAtMember): Operation => ({
  ...operation,
  gather: async (ports, input, context) => {
    const [facts, roll] = await Promise.all([operation.gather(ports, input, context), gatherRoll(ports, herd.id, context, look)])
    return { ...facts, roll }
  },
  gates: [asPlannedGate(expected), ...operation.gates],
  effects: [{ name: 'healthy', ...awaitHealthy(herd.id) } as Step, ...operation.effects],
})

const asPlannedGate = (expected: Expected): Gate<Facts> => ({
  name: 'as-planned',
  title: 'The herd is as it was planned',
  look: (facts) => asPlanned(rollOf(facts), expected),
})

/** Somebody may promote it after the look at its facts: then it is left alone. Later steps of work in several have looks of their own. */
const onlyStandby = (step: Step, { place }: RollMember): Step => ({
  ...step,
  check: async (facts, ports, context) => {
    const found = await step.check(facts, ports, context)
    if (context.intended !== null || found.found !== 'ready') return found
    const { role } = await lookAt(ports, place, context.signal)
    return role === 'standby' ? found : { found: 'blocked', because: `${place.title} is no standby: it is ${role}` }
  },
})

const memberNow = (facts: Facts, { place }: RollMember): RollMember => rollOf(facts).members.find((one) => one.place.id === place.id)!
const upstreamNow = (facts: Facts, member: RollMember) =>
  rollOf(facts).members.find(({ place }) => place.id === memberNow(facts, member).upstreamId)?.place ?? null

/** The step, unless the operation has it itself. */
const withoutOwn = ({ effects }: Operation, step: Step): Step[] => (effects.some(({ name }) => name === step.name) ? [] : [step])

/** The work on one member while it is a standby, with the wait until it is back. */
const memberOperation = (roll: HerdRoll, member: RollMember, work: MemberWork, primaryId: string | null): Operation => {
  const primary = primaryOf(roll)
  const expected = { primaryId, standby: member, memberIds: roll.members.map(({ place }) => place.id) }
  const whole = within(work.operation, roll, expected, work.look)
  const whyNot = (facts: Facts) => work.needless(memberNow(facts, member), member)
  const when = { when: (facts: Facts) => whyNot(facts) === null, otherwise: (facts: Facts) => whyNot(facts)! }
  const steps: Step[] = [
    ...(work.first === undefined || primary === null ? [] : [work.first(member, primary)]),
    ...work.operation.effects.map((step, at) => (at === 0 ? onlyStandby(step, member) : step)),
    ...withoutOwn(work.operation, {
      name: 'catch-up',
      ...(catchUp(
        () => member.place,
        (facts) => upstreamNow(facts, member),
      ) as unknown as Effect<Facts>),
    }),
  ]
  const [healthy] = whole.effects
  return { ...whole, effects: [healthy!, ...steps.map((step) => ({ ...step, ...effectWhen(when, step) }))] }
}

/** The work on the primary where it stays the primary. */
const primaryOperation = (roll: HerdRoll, primary: RollMember, work: MemberWork): Operation => {
  const memberIds = roll.members.map(({ place }) => place.id)
  const whole = within(work.operation, roll, { primaryId: primary.place.id, standby: null, memberIds }, work.look)
  const whyNot = (facts: Facts) => work.needless(memberNow(facts, primary), primary)
  const when = { when: (facts: Facts) => whyNot(facts) === null, otherwise: (facts: Facts) => whyNot(facts)! }
  const [healthy, ...steps] = whole.effects
  return { ...whole, effects: [healthy!, ...steps.map((step) => ({ ...step, ...effectWhen(when, step) }))] }
}

/** The primary where it is, and then the standbys one by one: for what a standby may only have once its primary has it. Nobody takes writes meanwhile. */
export const primaryFirst = (roll: HerdRoll, work: MemberWork): Segment[] => {
  const primary = primaryOf(roll)
  const standbys = roll.members.filter((member) => member !== primary)
  return [...(primary === null ? [] : [primary]), ...standbys].map((member) => {
    const operation =
      member === primary ? primaryOperation(roll, member, work) : memberOperation(roll, member, work, primary?.place.id ?? null)
    return {
      ...{ key: member.key, title: member.place.title, operation, targetId: member.place.id, input: work.input },
      leftOut: work.needless(member, member),
      forecast: operation,
    }
  })
}

const switchoverOperation = (roll: HerdRoll, expected: Pick<Expected, 'primaryId' | 'standby'>): Operation =>
  within(switchover, roll, { ...expected, memberIds: roll.members.map(({ place }) => place.id) })

/** Standbys one by one, the switchover, the former primary, and back where that is asked for. */
export const segmentsOf = (roll: HerdRoll, work: Roll): Segment[] => {
  const primary = primaryOf(roll)
  const primaryId = primary?.place.id ?? null
  const spared = primary === null ? null : work.needless(primary, primary)
  const memberSegment = (member: RollMember): Segment => {
    const isFormer = isPrimary(member)
    const operation = memberOperation(roll, member, work, isFormer ? null : primaryId)
    return {
      ...{ key: member.key, title: member.place.title, operation, targetId: member.place.id, input: work.input },
      leftOut: work.needless(member, member),
      forecast: isFormer
        ? (work.former?.(member) ??
          `Only if the switchover has not restarted it: that stops ${member.place.title}, and starts it as a standby.`)
        : operation,
    }
  }
  const herdSegment = (
    key: string,
    title: string,
    rest: Pick<Segment, 'operation' | 'leftOut' | 'forecast'>,
    input: JsonObject,
  ): Segment => ({
    ...{ key, title, targetId: roll.herd.id, input, ...rest },
  })
  const notMoved = spared && notNeeded(`${primary!.place.title} has no need, so it stays the primary.`)
  const there = switchoverOperation(roll, { primaryId, standby: null })
  const back = switchoverOperation(roll, { primaryId: null, standby: primary })
  return [
    ...roll.members.filter((member) => !isPrimary(member)).map(memberSegment),
    herdSegment('switchover', 'Switchover', { operation: there, leftOut: notMoved, forecast: there }, work.switchover),
    ...roll.members.filter(isPrimary).map(memberSegment),
    herdSegment(
      'switch-back',
      'Switch back',
      {
        operation: back,
        leftOut: notMoved ?? (work.leadBack ? null : notAsked('The new primary stays primary.')),
        forecast: `The same switchover the other way: ${primary?.place.title ?? 'the former primary'} becomes the primary again.`,
      },
      { ...work.switchover, candidate: primaryId ?? 'auto' },
    ),
  ]
}

/** What a part is made of, where no herd is known. */
const partOf = (operation: Operation, more: readonly Step[] = []): Operation => ({
  ...operation,
  gates: [asPlannedGate({ primaryId: null, standby: null, memberIds: [] }), ...operation.gates],
  effects: [{ name: 'healthy', ...awaitHealthy('') } as Step, ...operation.effects, ...more],
})

export const partsOf = (member: Operation) => [
  {
    key: 'member',
    title: '',
    operation: partOf(
      member,
      withoutOwn(member, {
        name: 'catch-up',
        ...(catchUp(
          () => null as never,
          () => null,
        ) as unknown as Effect<Facts>),
      }),
    ),
  },
  { key: 'switchover', title: 'Switchover', operation: partOf(switchover) },
]
