import type { RuleApprovalShown } from '@/components/resource/sizing/rule-approval'
import { RuleCard } from '@/components/resource/sizing/rule-card'
import { Verdicts } from '@/components/resource/sizing/verdicts'
import { getRecords } from '@/db/records/records'
import { familyOf, findRule } from '@/db/rules/find'
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

const nextOf = ({ id, values }: Loaded['record'], zone: string, now: Date): { at: string; shown: string }[] => {
  const schedules = parseSchedules(textOf(values.schedules))
  if (typeof schedules === 'string') return []
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
  }))
}

const pausedWords = (values: Loaded['record']['values'], now: Date): string | null => {
  if (values.isPaused !== true) return null
  const until = textOf(values.pausedUntil)
  if (until !== '' && Date.parse(until) <= now.getTime()) return null
  return `It is paused${until === '' ? '' : ` until ${until.slice(0, 16).replace('T', ' ')} UTC`}: ${textOf(values.pauseReason)}`
}

/** null: nobody is asked. */
const approvalOf = async ({ actor, record: { id, environmentId, revision, values } }: Loaded): Promise<RuleApprovalShown | null> => {
  const [[environment], known] = await Promise.all([
    getRecords(actor, resourceByName('environment')!, environmentId === null ? [] : [environmentId]),
    findRule(actor, id),
  ])
  if (environment?.values.protection !== 'two-person') return null
  const isOwn = actor.personId !== null && actor.personId === known.personId
  return {
    revision,
    approvedBy: known.isApproved ? textOf(values.approvedByName) : null,
    approvedAt: textOf(values.approvedAt) || null,
    because: isOwn ? 'You saved it, so somebody else approves it.' : mayNot(actor, runPermission(resize), environmentId),
  }
}

/** Where a rule that reverses it is added, filled in; null: it has one, or is one. */
const reverseOf = async ({ actor, record: { id, environmentId, values } }: Loaded): Promise<string | null> => {
  if (values.action !== 'down' || mayNot(actor, 'sizing-rule.add', environmentId) !== null) return null
  const family = await familyOf(await findRule(actor, id))
  if (family.length > 1) return null
  const given = {
    herdId: String(values.herdId),
    name: `reverse of ${textOf(values.name)}`,
    action: 'return',
    reverseOf: id,
    zone: textOf(values.zone),
  }
  return `/sizing-rules/add?${new URLSearchParams(given)}`
}

/** When a rule is due, and what it would do. */
const Above = async ({ loaded }: { loaded: Loaded }) => {
  const { actor, record } = loaded
  const now = new Date()
  const zone = textOf(record.values.zone) || 'UTC'
  return (
    <RuleCard
      id={record.id}
      zone={zone}
      next={nextOf(record, zone, now)}
      pausedBecause={pausedWords(record.values, now)}
      reverse={await reverseOf(loaded)}
      approval={await approvalOf(loaded)}
      because={mayNot(actor, 'sizing-rule.change', record.environmentId)}
    />
  )
}

export const sizingRule: ResourceParts = { Above }

export const sizingDecision: ResourceParts = {
  Above: ({ loaded: { record } }) => <Verdicts members={(record.values.members ?? []) as unknown as DecidedMember[]} />,
  shownAbove: ['members'],
}
