import type { RuleApprovalShown } from '@/components/resource/sizing/rule-approval'
import { type NextRun, RuleCard } from '@/components/resource/sizing/rule-card'
import { Verdicts } from '@/components/resource/sizing/verdicts'
import { getRecords } from '@/db/records/records'
import { heldBy, readCalendars } from '@/db/rules/calendars'
import { familyOf, findRule, type KnownRule } from '@/db/rules/find'
import type { DecidedMember } from '@/db/schema'
import { nextRuns } from '@/lib/domain/rules/cron'
import { delayOf } from '@/lib/domain/rules/due'
import { parseSchedules } from '@/lib/domain/rules/schedules'
import { runPermission } from '@/lib/kernel/operation/run-permission'
import { resize } from '@/lib/operations/resize'
import { resourceByName } from '@/lib/resources'
import { mayNot } from './may-not'
import type { Loaded, ResourceParts } from './part'

const nextMax = 10

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const nextOf = async (rule: KnownRule, { values }: Loaded['record'], zone: string, now: Date): Promise<NextRun[]> => {
  const { id, environmentId } = rule
  const schedules = parseSchedules(rule.schedules)
  if (typeof schedules === 'string') return []
  const calendars = await readCalendars([environmentId])
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  const delayMs = delayOf(id, Number(values.jitterSeconds ?? 0))
  return nextRuns(schedules, zone, now, nextMax).map((run) => ({
    at: new Date(run.getTime() + delayMs).toISOString(),
    shown: clock.format(run),
    held: heldBy(calendars, rule, run),
  }))
}

const pausedWords = (values: Loaded['record']['values'], now: Date): string | null => {
  if (values.isPaused !== true) return null
  const until = textOf(values.pausedUntil)
  if (until !== '' && Date.parse(until) <= now.getTime()) return null
  return `It is paused${until === '' ? '' : ` until ${until.slice(0, 16).replace('T', ' ')} UTC`}: ${textOf(values.pauseReason)}`
}

/** null: nobody is asked. */
const approvalOf = async (
  { actor, record: { environmentId, revision, values } }: Loaded,
  known: KnownRule,
): Promise<RuleApprovalShown | null> => {
  const [environment] = await getRecords(actor, resourceByName('environment')!, [known.environmentId])
  if (environment?.values.protection !== 'two-person') return null
  const isOwn = actor.personId !== null && actor.personId === known.personId
  return {
    revision,
    approvedBy: known.isApproved ? textOf(values.approvedByName) : null,
    approvedAt: textOf(values.approvedAt) || null,
    because: isOwn ? 'You saved it, so somebody else approves it.' : mayNot(actor, runPermission(resize), environmentId),
  }
}

/** What the rule may do, its reverse has to be let as well. */
const lets = ['cutsClients', 'leavesNoStandby', 'actsInProtected', 'isOutsideWindow']

/** Where a rule that reverses it is added, filled in; null: it has one, or is one. */
const reverseOf = async ({ actor, record: { id, environmentId, values } }: Loaded, known: KnownRule): Promise<string | null> => {
  if (values.action !== 'down' || mayNot(actor, 'sizing-rule.add', environmentId) !== null) return null
  const family = await familyOf(known)
  if (family.length > 1) return null
  const given = {
    herdId: String(values.herdId),
    name: `reverse of ${textOf(values.name)}`,
    action: 'return',
    reverseOf: id,
    zone: textOf(values.zone),
    ...Object.fromEntries(lets.map((flag) => [flag, String(values[flag] === true)])),
  }
  return `/sizing-rules/add?${new URLSearchParams(given)}`
}

/** When a rule is due, and what it would do. */
const Above = async ({ loaded }: { loaded: Loaded }) => {
  const { actor, record } = loaded
  const now = new Date()
  const zone = textOf(record.values.zone) || 'UTC'
  const rule = await findRule(actor, record.id)
  return (
    <RuleCard
      id={record.id}
      zone={zone}
      next={await nextOf(rule, record, zone, now)}
      pausedBecause={pausedWords(record.values, now)}
      reverse={await reverseOf(loaded, rule)}
      approval={await approvalOf(loaded, rule)}
      because={mayNot(actor, 'sizing-rule.change', record.environmentId)}
    />
  )
}

export const sizingRule: ResourceParts = { Above }

export const sizingDecision: ResourceParts = {
  Above: ({ loaded: { record } }) => <Verdicts members={(record.values.members ?? []) as unknown as DecidedMember[]} />,
  shownAbove: ['members'],
}
