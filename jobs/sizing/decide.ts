import { heldBy, readCalendars } from '@/db/rules/calendars'
import { type Decided, endDecisions, type OpenDecision, readOpenDecisions } from '@/db/rules/decisions'
import { type Claimed, claimDue, databaseNow, keepClaim, takeOpenDecisions } from '@/db/rules/due'
import { measure } from '@/db/rules/measure'
import { readEarlierTypes, readRuleMembers, withTypes } from '@/db/rules/members'
import { claimStayBig } from '@/db/rules/stay-big'
import { busyClients } from '@/lib/domain/activity/client-patterns'
import type { Activity } from '@/lib/domain/activity/session'
import { choiceOf, chooseMembers, type MemberVerdict, type SeriesOf } from '@/lib/domain/rules/choose'
import { comparisonsIn, parseConditions } from '@/lib/domain/rules/condition-text'
import { type Comparison, type Condition, forecastWeeks, type Recorded } from '@/lib/domain/rules/conditions'
import { isLive } from '@/lib/domain/rules/figures'
import { type RuleMember, sizedMembers } from '@/lib/domain/rules/question'
import { weeksBeforeIn } from '@/lib/domain/rules/weeks'
import { isFault } from '@/lib/kernel/ground/errors'
import type { Decider } from './decider'
import { submitDecision } from './submit'

const atOnce = 8

/** Decides everything that is due now, and what was asked for by hand or left behind by a worker that died. Throws `database.down`. */
export const decideDue = async (decider: Decider): Promise<void> => {
  const now = decider.now ?? databaseNow
  for (;;) {
    const at = await now()
    const claimed = [...(await claimDue(at)), ...(await takeOpenDecisions())]
    if (claimed.length === 0) return
    await decide(decider, claimed, at)
  }
}

const decide = async (decider: Decider, claimed: readonly Claimed[], at: Date): Promise<void> => {
  const open = await readOpenDecisions(claimed)
  const judged = await judge(decider, open, at)
  await endDecisions(
    judged.filter((one): one is Decided => 'state' in one),
    at,
  )
  const chosen = judged.filter((one): one is Chosen => !('state' in one)).values()
  const lane = async () => {
    for (const { decision, members } of chosen) await tryToSubmit(decider, decision, members, at)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

interface Chosen {
  decision: OpenDecision
  members: MemberVerdict[]
}

/** Gives back what rules took from standbys that a calendar keeps large. Throws `database.down`. */
export const keepBig = async (decider: Decider): Promise<void> => {
  const at = await (decider.now ?? databaseNow)()
  await decide(decider, await claimStayBig(at), at)
}

/** By the figures up to `at`: what ends here, and what is to be submitted. */
const judge = async (decider: Decider, open: readonly OpenDecision[], at: Date): Promise<(Decided | Chosen)[]> => {
  if (open.length === 0) return []
  const conditions = new Map(open.map(({ id, conditions }) => [id, parseConditions(conditions)]))
  const comparisons = [...conditions.values()].flatMap((one) => (typeof one === 'string' ? [] : comparisonsIn(one)))
  const [calendars, members, earlier] = await Promise.all([
    readCalendars([...new Set(open.map(({ environmentId }) => environmentId))]),
    membersOf(open, comparisons, at),
    readEarlierTypes(open.flatMap(({ reverseOf }) => reverseOf ?? [])),
  ])
  const seriesOf = await measure([...members.values()].flat(), comparisons, { from: at, to: at })
  const liveOf = await countClients(decider, open, conditions, members, at)
  return open.map((decision): Decided | Chosen => {
    const { id, claim } = decision
    // One that comes late is held by the day it was due on, and by the day on which it would act.
    const held =
      decision.kind === 'scheduled' ? (heldBy(calendars, decision, decision.occurrence) ?? heldBy(calendars, decision, at)) : null
    if (held !== null) return { id, claim, state: 'held', because: held, members: [] }
    const condition = conditions.get(id)!
    if (typeof condition === 'string')
      return { id, claim, state: 'failed', because: `Its conditions cannot be read: ${condition}`, members: [] }
    const sized = sizedMembers(decision, members.get(decision.herdId) ?? [], earlier)
    const verdicts = chooseMembers(condition, at.getTime(), sized, liveOf(decision, seriesOf), weeksBeforeIn(decision.zone))
    const { choice, because } = choiceOf(verdicts)
    if (choice === 'chosen') return { decision, members: verdicts }
    return { id, claim, state: choice, because, members: verdicts.map((one) => ({ ...one, runId: null, leftOut: null })) }
  })
}

type LiveOf = (decision: OpenDecision, seriesOf: SeriesOf) => SeriesOf

/** Counts on the servers themselves what decisions ask for: each member is asked once, whatever decides about it. One that does not answer is not counted. */
const countClients = async (
  { sessionsOf, log }: Decider,
  open: readonly OpenDecision[],
  conditions: ReadonlyMap<string, Condition | string>,
  members: ReadonlyMap<string, readonly RuleMember[]>,
  at: Date,
): Promise<LiveOf> => {
  const asked = open.flatMap((decision) => {
    const condition = conditions.get(decision.id)!
    const live = typeof condition === 'string' ? [] : comparisonsIn(condition).filter(({ metric }) => isLive(metric))
    const wanted = (members.get(decision.herdId) ?? []).filter(({ role }) =>
      live.some(({ of = 'member' }) => (of === 'primary') === (role === 'primary')),
    )
    return wanted.map(({ id }) => ({ decision, memberId: id }))
  })
  const seen = new Map<string, Activity | undefined>()
  const lanes = new Set(asked.map(({ memberId }) => memberId)).values()
  const lane = async () => {
    for (const memberId of lanes) {
      const activity = await sessionsOf?.(memberId).catch((err: unknown) => {
        log.warn({ memberId, err }, 'clients could not be counted for a sizing rule')
        return undefined
      })
      seen.set(memberId, activity)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  const counts = new Map<string, Recorded[]>()
  for (const { decision, memberId } of asked) {
    const activity = seen.get(memberId)
    const patterns = { counted: decision.countedClients, ignored: decision.ignoredClients }
    const count = activity === undefined ? null : busyClients(activity, patterns)
    if (count !== null) counts.set(`${decision.id} ${memberId}`, [{ from: at.getTime(), to: at.getTime(), low: count, high: count }])
  }
  return (decision, seriesOf) => (memberId, metric, isAhead) =>
    isLive(metric) ? (counts.get(`${decision.id} ${memberId}`) ?? []) : seriesOf(memberId, metric, isAhead)
}

/** With the types they had, where a forecast asks what their load was of. */
const membersOf = async (open: readonly OpenDecision[], comparisons: readonly Comparison[], at: Date) => {
  const members = await readRuleMembers([...new Set(open.map(({ herdId }) => herdId))])
  if (!comparisons.some(({ isAhead }) => isAhead)) return members
  return withTypes(members, new Date(at.getTime() - (forecastWeeks.asked + 1) * 7 * 86_400_000))
}

const tryToSubmit = async (decider: Decider, decision: OpenDecision, members: MemberVerdict[], at: Date): Promise<void> => {
  // Those before it may have taken long.
  if (!(await keepClaim(decision))) return
  try {
    await submitDecision(decider, decision, members, at)
  } catch (error) {
    // The database comes back, and then another claim of it is taken.
    if (isFault(error, 'database.down')) throw error
    const isBug = !isFault(error) || error.code === 'internal.bug'
    if (isBug) decider.log.error({ decisionId: decision.id, err: error }, 'a sizing decision failed')
    const { id, claim } = decision
    await endDecisions(
      [
        {
          id,
          claim,
          state: isBug ? 'failed' : 'refused',
          because: isBug ? 'A bug in Matriarch stopped it; see the worker’s log.' : wordsOf(error),
          members: members.map((one) => ({ ...one, runId: null, leftOut: null })),
        },
      ],
      at,
    )
  }
}

const wordsOf = ({
  facts,
  message,
}: {
  facts: { because?: unknown; fields?: readonly { path: string; message: string }[] }
  message: string
}): string => (facts.because === undefined && facts.fields ? facts.fields.map((one) => `${one.path}: ${one.message}`).join('; ') : message)
